import type { Outcome } from '../../../src/inventory/model.ts';
import type { Reply } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { parse } from '../../../src/verbs/index.ts';
import type { Caller, Command } from '../../../src/verbs/verb.ts';

/** A user whose password was right. */
export const ALICE = { name: 'alice', credential: 'her password', isInForce: true };

/** A caller without a socket. Its clock stands at 9, and its order ids are `made-1`, `made-2` and so on. */
export function newCaller(changes: Partial<Caller> = {}): Caller & { closed: boolean } {
  let made = 0;
  const names = new Set<string>();
  return {
    id: 7,
    name: null,
    version: 3,
    session: null,
    user: null,
    checked: null,
    transaction: null,
    subscriber: {
      get size() {
        return names.size;
      },
      get channels() {
        return [...names];
      },
      has: (name) => names.has(name),
      add: (name) => void names.add(name),
      delete: (name) => void names.delete(name),
      clear: () => names.clear(),
    },
    now: 9,
    service: {
      version: '1.2.3',
      identity: { shop: 'a-shop', since: 4 },
      holdBounds: { maxSeconds: 900, maxHolds: 3 },
      orderIds: {
        next: () => `made-${++made}`,
        positionFor: (id) => (id.startsWith('timed') ? null : `made-${++made}`),
      },
      shopTime: () => 11,
      figures: () => ({ Server: { is: 'up' }, Clients: { here: 2, there: 0 } }),
      userOf: ({ user, credential }) =>
        credential === ALICE.credential ? { ...ALICE, name: user } : null,
      refused: () => undefined,
    },
    logIn(session, user) {
      Object.assign(this, { session, user });
    },
    attach(session, user) {
      Object.assign(this, { session, user });
    },
    logOut() {
      this.detach();
    },
    detach() {
      this.subscriber.clear();
      Object.assign(this, { session: null, user: null });
    },
    closed: false,
    close() {
      this.closed = true;
    },
    ...changes,
  };
}

/** The command of words that make sense. */
export function commandOf(...words: string[]): Command {
  const command = parse(words);
  if (command instanceof ErrorReply) throw new Error(command.message);
  return command;
}

/** The reply to words that ask no store. */
export function answerTo(caller: Caller, ...words: string[]): Reply {
  const command = commandOf(...words);
  return command.verb.answer(command, caller);
}

/** The bytes that tell `outcome` as the reply to the words; a reply in parts is joined. */
export function bytesOf(caller: Caller, outcome: Outcome, ...words: string[]): string {
  const command = commandOf(...words);
  command.verb.request?.(command, caller);
  const bytes = command.verb.encode(outcome, caller, command);
  if (typeof bytes === 'string') return bytes;
  return [...(bytes as IterableIterator<string>)].join('');
}
