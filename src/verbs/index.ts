/** The table of verbs, in the order of PROTOCOL.md: it drives dispatch, the login check, COMMAND and the document's test. */
import { quotable } from '../protocol/argument-checks.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { CLIENT, ECHO, PING, QUIT, RESET } from './connection-verbs.ts';
import { READONLY, READWRITE, SELECT, TIME } from './habits.ts';
import { HELLO } from './hello.ts';
import { CONFIRM, EXTEND, HOLD, HOLDS, RELEASE } from './holds.ts';
import { commandVerb, INFO } from './introspection.ts';
import { INVENTORY } from './inventory.ts';
import { ACL, AUTH, LOGIN, LOGOUT, RESUME, WHOAMI } from './login.ts';
import { ORDER, ORDERS } from './orders.ts';
import { PURCHASE } from './purchase.ts';
import { RETURN } from './returns.ts';
import { SUBSCRIBE, UNSUBSCRIBE } from './subscribe.ts';
import { DISCARD, EXEC, MULTI, UNWATCH, WATCH } from './transaction.ts';
import { type Command, usageError, type Verb } from './verb.ts';

const table = new Map<string, Verb>();

for (const verb of [
  HELLO,
  AUTH,
  LOGIN,
  RESUME,
  WHOAMI,
  INVENTORY,
  PURCHASE,
  HOLD,
  CONFIRM,
  RELEASE,
  EXTEND,
  HOLDS,
  RETURN,
  ORDER,
  ORDERS,
  LOGOUT,
  SUBSCRIBE,
  UNSUBSCRIBE,
  MULTI,
  EXEC,
  DISCARD,
  WATCH,
  UNWATCH,
  PING,
  ECHO,
  RESET,
  QUIT,
  INFO,
  commandVerb(table),
  CLIENT,
  ACL,
  SELECT,
  READONLY,
  READWRITE,
  TIME,
]) {
  table.set(verb.name, verb);
}

/** By name, in capitals. */
export const VERBS: ReadonlyMap<string, Verb> = table;

/** The verb of the request before: mostly that of the next one, too, and looking in the table takes four times as long. */
let last: Verb = PURCHASE;

/** Checks the words of one request; every fault is an ERR, TOOBIG or NOPROTO that names what was expected. */
export function parse(words: readonly string[]): Command | ErrorReply {
  const name = words[0] as string;
  const verb = name === last.name ? last : (table.get(name) ?? table.get(name.toUpperCase()));
  if (verb === undefined) {
    // Not the words behind it, as Redis does: they may be a password behind a mistyped LOGIN.
    return new ErrorReply('ERR', `unknown command '${quotable(name)}'; COMMAND LIST lists them`);
  }
  last = verb;
  const given = words.length - 1;
  if (given < verb.words[0] || given > verb.words[1]) return usageError(verb);
  return verb.parse(words);
}

/** As `parse`, for a server that refuses an order without an id of the client's: sent again, it would be bought twice. */
export function parseWithOrderId(words: readonly string[]): Command | ErrorReply {
  const command: (Command & { readonly order?: string | null }) | ErrorReply = parse(words);
  if (command instanceof ErrorReply || command.order !== null) return command;
  const { name } = command.verb;
  return new ErrorReply('ERR', `this server takes no ${name} without an id; end it with ORDER id`);
}
