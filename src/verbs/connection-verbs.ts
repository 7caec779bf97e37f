/** HELLO, PING, QUIT and CLIENT: the connection itself. No store is asked. */
import { type Credentials, detached } from '../protocol/argument-checks.ts';
import { OK, type ProtocolVersion, type Reply, Status } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { authenticate, credentialsOf } from './login.ts';
import {
  always,
  type Caller,
  type Command,
  defineVerb,
  MANY,
  shopFields,
  usageError,
  type Verb,
} from './verb.ts';

/** The version and the name are null when they stay as they are. */
interface Hello extends Command {
  readonly version: ProtocolVersion | null;
  readonly credentials: Credentials | null;
  readonly name: string | null;
}

export const HELLO: Verb = defineVerb<Hello>({
  name: 'HELLO',
  syntax: '[2|3 [AUTH user password] [SETNAME name]]',
  summary: 'choose the protocol version, and log in for this connection',
  words: [0, 6],
  access: 'anyone',
  parse: parseHello,
  exclusive: always,
  credentials: ({ credentials }) => credentials,
  answer: ({ version, credentials, name }, caller) => {
    if (credentials !== null) authenticate(caller);
    if (version !== null) caller.version = version;
    if (name !== null) caller.name = detached(name);
    return {
      server: 'inv',
      version: caller.service.version,
      proto: caller.version,
      id: caller.id,
      mode: 'standalone',
      role: 'master',
      modules: [],
      ...shopFields(caller.service),
    };
  },
});

function parseHello(words: readonly string[]): Hello | ErrorReply {
  const version = words[1];
  if (version === undefined) return { verb: HELLO, version: null, credentials: null, name: null };
  if (version !== '2' && version !== '3') {
    return new ErrorReply('NOPROTO', 'this server speaks RESP 2 and 3');
  }
  let credentials: Credentials | null = null;
  let name: string | null = null;
  for (let index = 2; index < words.length; ) {
    const option = (words[index] as string).toUpperCase();
    if (option === 'AUTH' && index + 2 < words.length) {
      const given = credentialsOf(words[index + 1] as string, words[index + 2] as string);
      if (given instanceof ErrorReply) return given;
      credentials = given;
      index += 3;
    } else if (option === 'SETNAME' && index + 1 < words.length) {
      name = words[index + 1] as string;
      index += 2;
    } else {
      return usageError(HELLO);
    }
  }
  return { verb: HELLO, version: version === '3' ? 3 : 2, credentials, name };
}

export const PING: Verb = defineVerb<Command & { readonly text: string | null }>({
  name: 'PING',
  syntax: '[text]',
  summary: 'is the server there',
  words: [0, 1],
  access: 'anyone',
  parse: ([, text]) => ({ verb: PING, text: text ?? null }),
  exclusive: ({ text }) => text !== null,
  answer: ({ text }) => text ?? PONG,
});

const PONG = new Status('PONG');

export const QUIT: Verb = defineVerb<Command>({
  name: 'QUIT',
  syntax: '',
  summary: 'close this connection',
  words: [0, 0],
  access: 'anyone',
  parse: () => ({ verb: QUIT }),
  exclusive: always,
  answer: (_, caller) => {
    caller.close();
    return OK;
  },
});

interface Client extends Command {
  /** The subcommand and what follows it. */
  readonly words: readonly string[];
}

export const CLIENT: Verb = defineVerb<Client>({
  name: 'CLIENT',
  syntax: 'ID|GETNAME|SETNAME name|SETINFO name value',
  summary: 'what Redis clients say of themselves',
  words: [1, MANY],
  access: 'anyone',
  parse: ([, ...words]) => ({ verb: CLIENT, words }),
  // GETNAME is a short request for a reply as long as the name.
  exclusive: always,
  answer: ({ words }, caller) => answerClient(words, caller),
});

function answerClient(words: readonly string[], caller: Caller): Reply {
  const subcommand = (words[0] as string).toUpperCase();
  if (subcommand === 'ID' && words.length === 1) return caller.id;
  if (subcommand === 'GETNAME' && words.length === 1) return caller.name;
  if (subcommand === 'SETNAME' && words.length === 2) {
    caller.name = detached(words[1] as string);
    return OK;
  }
  if (subcommand === 'SETINFO' && words.length === 3) return OK;
  return usageError(CLIENT);
}
