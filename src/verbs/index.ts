/** The table of verbs, in the order of PROTOCOL.md: it drives dispatch, the login check, COMMAND and the document's test. */
import { quotable } from '../protocol/argument-checks.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { CLIENT, HELLO, PING, QUIT } from './connection-verbs.ts';
import { commandVerb, INFO } from './introspection.ts';
import { INVENTORY } from './inventory.ts';
import { AUTH, LOGIN, LOGOUT, RESUME, WHOAMI } from './login.ts';
import { ORDER, ORDERS } from './orders.ts';
import { PURCHASE } from './purchase.ts';
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
  ORDER,
  ORDERS,
  LOGOUT,
  PING,
  QUIT,
  INFO,
  commandVerb(table),
  CLIENT,
]) {
  table.set(verb.name, verb);
}

/** By name, in capitals. */
export const VERBS: ReadonlyMap<string, Verb> = table;

/** Checks the words of one request; every fault is an ERR, TOOBIG or NOPROTO that names what was expected. */
export function parse(words: readonly string[]): Command | ErrorReply {
  const name = words[0] as string;
  const verb = table.get(name) ?? table.get(name.toUpperCase());
  if (verb === undefined) {
    return new ErrorReply('ERR', `unknown verb '${quotable(name)}'; COMMAND LIST lists the verbs`);
  }
  const given = words.length - 1;
  if (given < verb.words[0] || given > verb.words[1]) return usageError(verb);
  return verb.parse(words);
}
