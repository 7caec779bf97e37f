import { expect, test } from 'vitest';
import { type Order, type Outcome, Refusal } from '../../src/inventory/model.ts';
import { StoreUnavailable } from '../../src/inventory/store.ts';
import { encode, OK, type Reply } from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { encodeOutcome } from '../../src/server/replies.ts';

const bought: Order = {
  user: 'alice',
  id: 'a',
  at: 9,
  lines: [{ upc: 1, qty: 2, available: 3 }],
  refusal: null,
  position: 'never shown',
};
const refused: Order = {
  ...bought,
  id: 'b',
  lines: [{ upc: 1, qty: 2, available: null }],
  refusal: new Refusal('NOSTOCK', 'too little stock'),
};
const lines = [{ upc: 1, qty: 2, available: 3 }];

test.for<[string, Outcome | StoreUnavailable, Reply]>([
  [
    'a refusal is an error',
    new Refusal('NOITEM', 'no such UPC: 9'),
    new ErrorReply('NOITEM', 'no such UPC: 9'),
  ],
  [
    'a store that could not commit says so, and not why: that is for the log',
    new StoreUnavailable('disk full at /secret/path'),
    new ErrorReply('UNAVAILABLE', 'the store could not commit; nothing happened, try again'),
  ],
  [
    'a receipt',
    { kind: 'receipt', order: bought, replayed: true },
    { order: 'a', at: 9, replayed: true, lines },
  ],
  [
    'a receipt of several lines, for the first time',
    { kind: 'receipt', order: { ...bought, lines: [...lines, ...lines] }, replayed: false },
    { order: 'a', at: 9, replayed: false, lines: [...lines, ...lines] },
  ],
  [
    'orders, the refused without lines: nothing was bought',
    { kind: 'orders', orders: [bought, refused] },
    [
      { order: 'a', at: 9, lines, refusal: null },
      { order: 'b', at: 9, lines: [], refusal: 'NOSTOCK too little stock' },
    ],
  ],
  [
    'items, their names in UTF-8',
    { kind: 'inventory', items: [{ upc: 1, name: 'Käse', available: 3 }] },
    [{ upc: 1, name: 'K\xc3\xa4se', available: 3 }],
  ],
  [
    'a session, without its token',
    { kind: 'session', session: { user: 'alice', since: 5, tokenHash: 'secret' } },
    { user: 'alice', since: 5 },
  ],
  ['a logout', { kind: 'loggedOut' }, OK],
])('%s', ([, outcome, reply]) => {
  // Fields in the order of the document.
  for (const version of [2, 3] as const) {
    expect(encodeOutcome(outcome, version)).toBe(encode(reply, version));
  }
});
