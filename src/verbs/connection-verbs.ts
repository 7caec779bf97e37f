/** PING, ECHO, RESET, QUIT and CLIENT: the connection itself. No store is asked. */
import { detached } from '../protocol/argument-checks.ts';
import { OK, type Reply, Status } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import {
  always,
  atOnce,
  type Caller,
  type Command,
  defineVerb,
  MANY,
  usageError,
  type Verb,
  WORK_OF_LONG_REPLY,
} from './verb.ts';

export const PING: Verb = defineVerb<Command & { readonly text: string | null }>({
  name: 'PING',
  syntax: '[text]',
  summary: 'is the server there',
  words: [0, 1],
  access: 'anyone',
  inSubscribeMode: true,
  parse: ([, text]) => ({ verb: PING, text: text ?? null }),
  exclusive: ({ text }) => text !== null,
  // In subscribe mode every reply looks like a message, as Redis has it.
  answer: ({ text }, { subscriber, version }) =>
    subscriber.size > 0 && version === 2 ? ['pong', text ?? ''] : (text ?? PONG),
});

const PONG = new Status('PONG');

export const ECHO: Verb = defineVerb<Command & { readonly text: string }>({
  name: 'ECHO',
  syntax: 'text',
  summary: 'the same text',
  words: [1, 1],
  access: 'anyone',
  parse: ([, text]) => ({ verb: ECHO, text: text as string }),
  exclusive: always,
  answer: ({ text }) => text,
});

export const RESET: Verb = defineVerb<Command>({
  name: 'RESET',
  syntax: '',
  summary: 'make this connection as it was when it began',
  words: [0, 0],
  access: 'anyone',
  inSubscribeMode: true,
  parse: () => ({ verb: RESET }),
  exclusive: always,
  inTransaction: atOnce,
  answer: (_, caller) => {
    caller.transaction = null;
    caller.detach();
    caller.name = null;
    caller.version = 2;
    return RESET_DONE;
  },
});

const RESET_DONE = new Status('RESET');

export const QUIT: Verb = defineVerb<Command>({
  name: 'QUIT',
  syntax: '',
  summary: 'close this connection',
  words: [0, 0],
  access: 'anyone',
  inSubscribeMode: true,
  parse: () => ({ verb: QUIT }),
  exclusive: always,
  inTransaction: atOnce,
  answer: (_, caller) => {
    caller.close();
    return OK;
  },
});

/** What follows the name of a subcommand, and what it does with it. */
interface Subcommand {
  fits(words: readonly string[]): boolean;
  answer(words: readonly string[], caller: Caller): Reply;
}

const isNone = (words: readonly string[]) => words.length === 0;
const isSwitch = (words: readonly string[]) => words.length === 1 && /^(on|off)$/i.test(`${words}`);
/** Nothing is evicted here, and reading changes nothing. */
const SWITCH: Subcommand = { fits: isSwitch, answer: () => OK };

const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ['ID', { fits: isNone, answer: (_, { id }) => id }],
  ['GETNAME', { fits: isNone, answer: (_, { name }) => name }],
  [
    'SETNAME',
    {
      fits: ({ length }) => length === 1,
      answer: ([name = ''], caller) => {
        caller.name = detached(name);
        return OK;
      },
    },
  ],
  ['SETINFO', { fits: ({ length }) => length === 2, answer: () => OK }],
  ['NO-EVICT', SWITCH],
  ['NO-TOUCH', SWITCH],
  [
    'TRACKING',
    {
      fits: ([value = '']) => /^(on|off)$/i.test(value),
      answer: ([value]) => (value?.toUpperCase() === 'ON' ? NO_TRACKING : OK),
    },
  ],
]);

/** An OK would promise to tell of every change of what was read. */
const NO_TRACKING = new ErrorReply(
  'ERR',
  'this server does not tell of changes to what a client keeps; ask again instead',
);

interface Client extends Command {
  readonly subcommand: Subcommand;
  /** What follows the subcommand. */
  readonly words: readonly string[];
}

export const CLIENT: Verb = defineVerb<Client>({
  name: 'CLIENT',
  syntax:
    'ID|GETNAME|SETNAME name|SETINFO name value|NO-EVICT switch|NO-TOUCH switch|TRACKING switch',
  summary: 'what Redis clients say of themselves',
  words: [1, MANY],
  access: 'anyone',
  parse: ([, name = '', ...words]) => {
    const subcommand = SUBCOMMANDS.get(name.toUpperCase());
    return subcommand?.fits(words) ? { verb: CLIENT, subcommand, words } : usageError(CLIENT);
  },
  // GETNAME is a short request for a reply as long as the name.
  exclusive: always,
  work: () => WORK_OF_LONG_REPLY,
  answer: ({ subcommand, words }, caller) => subcommand.answer(words, caller),
});
