import { expect, test } from 'vitest';
import { type Order, type Outcome, Refusal } from '../../src/inventory/model.ts';
import { encode, OK, type Reply } from '../../src/protocol/encoder.ts';
import {
  MAX_ARGUMENTS,
  MAX_INTEGER,
  MAX_ORDER_ID_LENGTH,
  MAX_ORDERS_COUNT,
} from '../../src/protocol/limits.ts';
import { MAX_REPLY_BYTES } from '../../src/protocol/reply-decoder.ts';
import { ITEMS_IN_A_PART } from '../../src/verbs/inventory.ts';
import { ALICE, bytesOf, newCaller } from './support/caller.ts';

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

const held: Order = {
  ...bought,
  id: 'h',
  hold: { seconds: 60, until: 60_000, state: 'held', ended: null },
};
const released: Order = {
  ...held,
  hold: { seconds: 60, until: 60_000, state: 'released', ended: 17 },
};

const items = Array.from({ length: ITEMS_IN_A_PART + 1 }, (_, index) => ({
  upc: index + 1,
  name: `Item ${index + 1}`,
  available: index,
}));

const login = { user: 'alice', since: 5, tokenHash: 'secret', credential: ALICE.credential };

test.for<[string, string, Outcome, Reply]>([
  [
    'a receipt',
    'PURCHASE 1 2 ORDER a',
    { kind: 'receipt', order: bought, replayed: true },
    { order: 'a', at: 9, replayed: true, lines },
  ],
  [
    'items with all that they may have',
    'INVENTORY 7 8 9',
    {
      kind: 'inventory',
      items: [
        { upc: 7, name: 'Pin', available: 1, code: '007', limit: 4, returns: true },
        { upc: 8, name: 'Pin', available: 1, returns: false },
        { upc: 9, name: 'Pin', available: 1, returns: true },
      ],
    },
    [
      { upc: 7, name: 'Pin', available: 1, code: '007', limit: 4, returns: true },
      { upc: 8, name: 'Pin', available: 1 },
      { upc: 9, name: 'Pin', available: 1, returns: true },
    ],
  ],
  [
    'a receipt of several lines, for the first time',
    'PURCHASE 1 2 3 4',
    { kind: 'receipt', order: { ...bought, lines: [...lines, ...lines] }, replayed: false },
    { order: 'a', at: 9, replayed: false, lines: [...lines, ...lines] },
  ],
  [
    'an earlier order',
    'ORDER a',
    { kind: 'receipt', order: bought, replayed: true },
    { order: 'a', at: 9, replayed: true, lines, state: 'bought' },
  ],
  [
    'a hold',
    'HOLD 1 2 FOR 60 ORDER h',
    { kind: 'held', order: held, state: 'held', replayed: false },
    { order: 'h', at: 9, until: 60_000, replayed: false, state: 'held', lines },
  ],
  [
    'a hold that was released, asked for as an order',
    'ORDER h',
    { kind: 'held', order: released, state: 'released', replayed: true },
    { order: 'h', at: 9, until: 60_000, replayed: true, state: 'released', ended: 17, lines },
  ],
  ['the end of a hold', 'RELEASE h', { kind: 'released' }, OK],
  [
    'a hold with another end',
    'EXTEND h FOR 60',
    { kind: 'extended', order: held },
    { order: 'h', until: 60_000 },
  ],
  [
    'holds, one that has ended meanwhile among them',
    'HOLDS',
    { kind: 'holds', orders: [held, released], rest: [], now: 60_000 },
    [
      { order: 'h', at: 9, until: 60_000, replayed: true, state: 'expired', lines },
      { order: 'h', at: 9, until: 60_000, replayed: true, state: 'released', ended: 17, lines },
    ],
  ],
  [
    'a return',
    'RETURN a 1 1 ORDER r',
    { kind: 'returned', order: { ...bought, id: 'r', of: 'a' }, replayed: false },
    { order: 'r', of: 'a', at: 9, replayed: false, lines, state: 'returned' },
  ],
  [
    'orders of every kind',
    'ORDERS',
    {
      kind: 'orders',
      orders: [
        held,
        released,
        { ...bought, id: 'r', of: 'a' },
        { ...bought, lines: [{ upc: 1, qty: 2, available: 3, returned: 1 }] },
      ],
      total: 4,
      now: 59_999,
    },
    [
      { order: 'h', at: 9, lines, refusal: null, state: 'held', until: 60_000, ended: null },
      { order: 'h', at: 9, lines, refusal: null, state: 'released', until: 60_000, ended: 17 },
      { order: 'r', at: 9, lines, refusal: null, state: 'returned', of: 'a' },
      {
        ...{ order: 'a', at: 9, lines: [{ upc: 1, qty: 2, available: 3, returned: 1 }] },
        ...{ refusal: null, state: 'bought' },
      },
    ],
  ],
  [
    'orders, the refused without lines: nothing was bought',
    'ORDERS',
    { kind: 'orders', orders: [bought, refused], total: 2, now: 9 },
    [
      { order: 'a', at: 9, lines, refusal: null, state: 'bought' },
      { order: 'b', at: 9, lines: [], refusal: 'NOSTOCK too little stock', state: 'refused' },
    ],
  ],
  [
    'items, their names in UTF-8',
    'INVENTORY 1',
    { kind: 'inventory', items: [{ upc: 1, name: 'Käse', available: 3 }] },
    [{ upc: 1, name: 'K\xc3\xa4se', available: 3 }],
  ],
  [
    'an item whose UPC has leading zeros',
    'INVENTORY 7',
    { kind: 'inventory', items: [{ upc: 7, name: 'Pin', code: '0007', available: 3 }] },
    [{ upc: 7, name: 'Pin', available: 3, code: '0007' }],
  ],
  ['a long inventory, in parts', 'INVENTORY', { kind: 'inventory', items }, items],
  [
    'a session, without its token',
    'WHOAMI',
    { kind: 'session', session: { user: 'alice', since: 5, tokenHash: 'secret' } },
    { user: 'alice', since: 5 },
  ],
  [
    'a session that was resumed',
    'RESUME token',
    { kind: 'session', session: login },
    { user: 'alice', since: 5 },
  ],
  ['a logout', 'LOGOUT', { kind: 'loggedOut' }, OK],
])('%s', ([, words, outcome, reply]) => {
  // Fields in the order of the document.
  for (const version of [2, 3] as const) {
    const caller = newCaller({ version });
    expect(bytesOf(caller, outcome, ...words.split(' '))).toBe(encode(reply, version));
  }
});

test('the longest page of orders is one that the client reads', () => {
  const lines = Array.from({ length: Math.floor((MAX_ARGUMENTS - 1) / 2) }, () => ({
    ...{ upc: MAX_INTEGER, qty: MAX_INTEGER, available: MAX_INTEGER, returned: MAX_INTEGER },
  }));
  const hold = { seconds: 60, until: 9e12, state: 'bought', ended: 9e12 } as const;
  const longest: Order = { ...bought, id: 'x'.repeat(MAX_ORDER_ID_LENGTH), at: 9e12, lines, hold };
  const caller = newCaller({ version: 2 });
  const outcome: Outcome = { kind: 'orders', orders: [longest], total: 1, now: 9 };
  const bytes = MAX_ORDERS_COUNT * bytesOf(caller, outcome, 'ORDERS').length;
  expect(bytes).toBeLessThan(MAX_REPLY_BYTES);
  // As PROTOCOL.md has it.
  expect(Math.round(bytes / 1e6)).toBe(65);
});
