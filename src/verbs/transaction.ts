/**
 * MULTI, EXEC and DISCARD, as Redis has them: requests wait, and EXEC has them decided one after the other
 * with nothing in between. WATCH and UNWATCH stand here because libraries send them around a transaction.
 */
import {
  Refusal,
  type SingleOutcome,
  type SingleRequest,
  type TransactionOutcome,
} from '../inventory/model.ts';
import { encode, encodeCommand, OK, type Reply, Status } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import {
  MAX_TRANSACTION_BYTES,
  MAX_TRANSACTION_REQUESTS,
  MAX_TRANSACTION_WORK,
} from '../protocol/limits.ts';
import { NO_AUTH } from './guard.ts';
import {
  atOnce,
  type Caller,
  type Command,
  defineVerb,
  encodeOutcome,
  MANY,
  notInTransaction,
  type OpenTransaction,
  type Taken,
  usageError,
  type Verb,
} from './verb.ts';

const QUEUED = new Status('QUEUED');

/** What deciding a request costs at least, in lines. MAX_TRANSACTION_REQUESTS of them are MAX_TRANSACTION_WORK. */
const LEAST_WORK = 4;

/** What a request that waits for EXEC takes in memory, in bytes (measured: 30 to 400, and one of PURCHASE 210) … */
const BYTES_OF_COMMAND = 256;
/** … and for each of its words, beside the text (measured: a line of two words takes 65, a UPC of INVENTORY 7 to 25). */
const BYTES_OF_WORD = 32;

/**
 * Adds `command`, which `words` say, to `transaction`, and returns the reply. A request that is refused,
 * because it may not be inside or is one too many, aborts the transaction.
 */
export function enqueue(
  transaction: OpenTransaction,
  command: Command,
  words: readonly string[],
): Reply {
  const { verb } = command;
  const bytes = encodeCommand(words).length;
  const how = verb.inTransaction(command);
  const work = transaction.work + Math.max(LEAST_WORK, verb.work(command));
  const error =
    how instanceof ErrorReply
      ? how
      : boundCrossed(transaction.commands.length + 1, transaction.bytes + bytes, work);
  if (error !== null) {
    abort(transaction);
    return error;
  }
  if (transaction.isAborted) return QUEUED;
  transaction.commands.push(command);
  transaction.bytes += bytes;
  transaction.keptBytes += BYTES_OF_COMMAND + words.length * BYTES_OF_WORD + bytes;
  transaction.work = work;
  return QUEUED;
}

/** Has the EXEC of `transaction` do nothing. */
export function abort(transaction: OpenTransaction): void {
  transaction.isAborted = true;
  transaction.commands = [];
  transaction.bytes = 0;
  transaction.keptBytes = 0;
  transaction.work = 0;
}

function boundCrossed(requests: number, bytes: number, work: number): ErrorReply | null {
  const over =
    requests > MAX_TRANSACTION_REQUESTS
      ? `${MAX_TRANSACTION_REQUESTS} requests`
      : bytes > MAX_TRANSACTION_BYTES
        ? `${MAX_TRANSACTION_BYTES} bytes of requests`
        : work > MAX_TRANSACTION_WORK
          ? `${MAX_TRANSACTION_WORK} lines of work`
          : null;
  return over === null ? null : new ErrorReply('ERR', `a transaction has at most ${over}`);
}

export const MULTI: Verb = defineVerb<Command>({
  name: 'MULTI',
  syntax: '',
  summary: 'begin a transaction: requests wait for EXEC',
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: MULTI }),
  inTransaction: atOnce,
  take: (_, caller) => {
    if (caller.transaction !== null) return NESTED;
    caller.transaction = { commands: [], bytes: 0, keptBytes: 0, work: 0, isAborted: false };
    return { reply: OK };
  },
});

const NESTED: Taken = { reply: new ErrorReply('ERR', 'MULTI calls can not be nested') };

export const EXEC: Verb = defineVerb<Command>({
  name: 'EXEC',
  syntax: '',
  summary: 'decide the requests since MULTI, with nothing in between',
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: EXEC }),
  inTransaction: atOnce,
  take: (_, caller) => {
    const { transaction } = caller;
    if (transaction === null) return { reply: new ErrorReply('ERR', 'EXEC without MULTI') };
    caller.transaction = null;
    if (transaction.isAborted) return { reply: ABORTED };
    const instead: Transaction = { verb: TRANSACTION, commands: transaction.commands };
    return { instead };
  },
});

const ABORTED = new ErrorReply(
  'EXECABORT',
  'Transaction discarded because of previous errors; nothing was done',
);

export const DISCARD: Verb = defineVerb<Command>({
  name: 'DISCARD',
  syntax: '',
  summary: 'drop the requests since MULTI',
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: DISCARD }),
  inTransaction: atOnce,
  take: (_, caller) => {
    if (caller.transaction === null) {
      return { reply: new ErrorReply('ERR', 'DISCARD without MULTI') };
    }
    caller.transaction = null;
    return { reply: OK };
  },
});

export const WATCH: Verb = defineVerb<Command>({
  name: 'WATCH',
  syntax: 'key [key …]',
  summary: 'refused: there are no keys to watch',
  words: [1, MANY],
  access: 'user',
  parse: () => ({ verb: WATCH }),
  inTransaction: atOnce,
  take: (_, { transaction }) => ({
    reply: transaction === null ? NOTHING_TO_WATCH : notInTransaction('WATCH'),
  }),
});

/** An OK would promise that EXEC notices a change. */
const NOTHING_TO_WATCH = new ErrorReply(
  'ERR',
  'there are no keys to WATCH; a PURCHASE buys only what is there, all its lines or none',
);

export const UNWATCH: Verb = defineVerb<Command>({
  name: 'UNWATCH',
  syntax: '',
  summary: 'watch nothing, as always',
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: UNWATCH }),
  answer: () => OK,
});

interface Transaction extends Command {
  readonly commands: readonly Command[];
}

/** What EXEC becomes. It is no verb of the table: nobody can ask it by itself. */
const TRANSACTION: Verb = defineVerb<Transaction, TransactionOutcome>({
  name: 'EXEC',
  syntax: '',
  summary: '',
  words: [0, 0],
  access: 'user',
  parse: () => usageError(EXEC),
  exclusive: ({ commands }) => commands.some((command) => command.verb.exclusive(command)),
  work: ({ commands }) =>
    commands.reduce((sum, command) => sum + Math.max(LEAST_WORK, command.verb.work(command)), 0),
  request: ({ commands }, caller) => {
    const requests = commands.flatMap((command) => {
      const { request } = command.verb;
      // Neither transactions nor pages are queued.
      return request === null ? [] : [request(command, caller) as SingleRequest];
    });
    // One that asks for nothing still waits for its turn, and needs its login.
    if (requests.length === 0) requests.push({ kind: 'whoami', session: caller.session });
    return { kind: 'transaction', requests };
  },
  encode: ({ outcomes }, caller, { commands }) => {
    const [first] = outcomes;
    if (first instanceof Refusal && !commands.some(asksStore)) {
      return encodeOutcome(first, caller, { verb: EXEC });
    }
    const next = outcomes[Symbol.iterator]();
    const replies = commands.map((command) =>
      asksStore(command)
        ? whole(encodeOutcome(next.next().value as SingleOutcome, caller, command))
        : encode(answerOf(command, caller), caller.version),
    );
    return `*${commands.length}\r\n${replies.join('')}`;
  },
});

function asksStore({ verb }: Command): boolean {
  return verb.request !== null;
}

/** Behind a LOGOUT of the same transaction nobody is logged in. */
function answerOf(command: Command, caller: Caller): Reply {
  const { verb } = command;
  return verb.access === 'user' && caller.session === null ? NO_AUTH : verb.answer(command, caller);
}

function whole(bytes: string | Iterator<string>): string {
  return typeof bytes === 'string' ? bytes : Iterator.from(bytes).toArray().join('');
}

/** Whether `command` is done although a transaction is open. */
export function isDoneAtOnce(command: Command): boolean {
  return command.verb.inTransaction(command) === 'at once';
}
