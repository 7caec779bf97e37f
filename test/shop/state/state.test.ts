import { expect, test } from 'vitest';
import { DamagedState, emptyState, NewerState, parseState } from '../../../src/shop/state/state.ts';

const ALICE = 'alice@localhost:5050';
const EMPTY = { logins: [], items: [], holds: [], openOrders: [], recorded: [] };
const LINES = [{ upc: 1001, qty: 1 }];
/** Where an order was sent. */
const SENT = { server: 'localhost:5050', since: '' };
const WHOLE = {
  version: 3,
  servers: { 'localhost:5050': 'localhost:5050' },
  shops: { 'localhost:5050': { since: '', lastLogin: ALICE } },
  accounts: {
    [ALICE]: {
      user: 'alice',
      shop: 'localhost:5050',
      server: 'localhost:5050',
      logins: [{ token: 't', since: 1, server: 'localhost:5050' }],
      items: [{ upc: 1001, name: 'Ticket', units: 2 }],
      holds: [
        {
          ...{ order: 'h', until: 6_000, ends: 5_000 },
          items: [{ upc: 1001, name: 'Ticket', units: 1 }],
        },
      ],
      openOrders: [
        { kind: 'purchase', order: 'o', lines: LINES, senders: 1, ...SENT },
        { kind: 'confirm', order: 'c', lines: LINES, senders: 1, ...SENT },
        {
          ...{ kind: 'hold', order: 'i', lines: LINES, seconds: 600, senders: 1 },
          ...{ ...SENT, since: 'kept' },
        },
        {
          ...{ kind: 'return', order: 'r', of: 'p', lines: LINES, senders: 1 },
          ...{ server: 'shop.example:5050', since: '' },
        },
      ],
      recorded: ['p'],
    },
    'bob@localhost:5050': {
      ...{ user: 'bob', shop: 'localhost:5050', server: 'localhost:5050' },
      ...EMPTY,
    },
  },
  merged: {},
};

/** What versions before this one could write of it: without holds, and orders that buy. */
const BEFORE_HOLDS = {
  ...WHOLE,
  accounts: {
    ...WHOLE.accounts,
    [ALICE]: {
      ...WHOLE.accounts[ALICE],
      holds: [],
      openOrders: [WHOLE.accounts[ALICE]?.openOrders[0]],
    },
  },
};

/** An account of version 2, which called an order `held` that is kept and not sent. */
const VERSION_2 = {
  ...BEFORE_HOLDS,
  version: 2,
  accounts: Object.fromEntries(
    Object.entries(BEFORE_HOLDS.accounts).map(([key, { holds, ...account }]) => [
      key,
      {
        ...account,
        logins: account.logins.map((login) => without(['server'], login)),
        openOrders: account.openOrders.map((open) => without(['kind', 'server'], open)),
      },
    ]),
  ),
};

function without(names: readonly string[], whole: object = {}): object {
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)));
}

/** The same, as version 1.0.0 wrote it. */
const VERSION_1 = {
  version: 1,
  servers: { 'localhost:5050': ALICE },
  accounts: {
    [ALICE]: {
      user: 'alice',
      login: { token: 't', since: 1 },
      items: [{ upc: 1001, name: 'Ticket', units: 2 }],
      openOrders: [{ order: 'o', lines: [{ upc: 1001, qty: 1 }], tries: 1 }],
      recorded: ['p'],
    },
    'bob@localhost:5050': { user: 'bob', login: null, items: [], openOrders: [], recorded: [] },
  },
};

test('what was written can be read', () => {
  expect(parseState(JSON.stringify(WHOLE))).toEqual({ state: WHOLE, damaged: [] });
  expect(parseState(JSON.stringify(emptyState()))).toEqual({ state: emptyState(), damaged: [] });
});

test('what version 1.0.0 wrote is read without loss', () => {
  expect(parseState(JSON.stringify(VERSION_1))).toEqual({ state: BEFORE_HOLDS, damaged: [] });
});

test('what version 2 wrote is read without loss', () => {
  const text = JSON.stringify(VERSION_2);
  expect(parseState(text)).toEqual({ state: BEFORE_HOLDS, damaged: [] });
  const { state } = parseState(
    text.replace('"senders":1,"since":""', '"senders":1,"since":"held"'),
  );
  expect(state.accounts[ALICE]?.openOrders).toMatchObject([{ order: 'o', since: 'kept' }]);
});

test('a login or an order without an address is of the account’s', () => {
  const text = JSON.stringify(WHOLE).replaceAll(
    /("since":\d+|"senders":1),"server":"[^"]+"/g,
    '$1',
  );
  expect(text).not.toContain('shop.example');
  const { state, damaged } = parseState(text);
  expect(damaged).toEqual([]);
  const { logins = [], openOrders = [] } = state.accounts[ALICE] ?? {};
  expect([...logins, ...openOrders].map(({ server }) => server)).toEqual(
    Array(5).fill('localhost:5050'),
  );
});

test.each([
  '"accounts":{"a":7}',
  '"accounts":{"a":{"openOrders":7}}',
  '"accounts":{"a":{"openOrders":[7]}}',
])('an account of version 2 that makes no sense is left out: %s', (accounts) => {
  const parts = '"servers":{},"shops":{},"merged":{}';
  expect(parseState(`{"version":2,${parts},${accounts}}`).damaged).toEqual(['accounts a']);
});

test.each([
  ['nothing', ''],
  ['half a file', JSON.stringify(WHOLE).slice(0, 100)],
  ['a list', '[]'],
  ['a number', '1'],
  ['no version', '{}'],
  ['no accounts', '{"version":2,"servers":{}}'],
  ['no accounts of version 1', '{"version":1,"servers":{}}'],
])('damaged: %s', (_name, text) => {
  expect(() => parseState(text)).toThrow(DamagedState);
});

test.each([
  ['"user":"alice"', '"user":1'],
  ['"token":"t"', '"token":1'],
  ['"token":"t"', '"token":"a b"'],
  ['"since":1,', '"since":9000000000000000,'],
  ['"since":1,"server":"localhost:5050"', '"since":1,"server":7'],
  ['"server":"shop.example:5050"', '"server":"nowhere"'],
  ['"units":2', '"units":-2'],
  ['"units":2', '"units":1.5'],
  ['"units":2', '"units":1e300'],
  ['"name":"Ticket"', '"name":null'],
  ['"qty":1', '"qty":"1"'],
  ['"senders":1', '"trials":1'],
  ['"order":"o"', '"order":"\\u001b[31m"'],
  ['"kind":"purchase"', '"kind":"gift"'],
  ['"seconds":600', '"seconds":-1'],
  ['"of":"p"', '"of":""'],
  ['"until":6000', '"until":"soon"'],
  ['"ends":5000', '"ends":null'],
  ['"order":"h"', '"order":"a b"'],
  ['["p"]', '"p"'],
])('an account with %s made %s is left out, and the other one stays', (from, to) => {
  const text = JSON.stringify(WHOLE);
  expect(text).toContain(from);
  const { state, damaged } = parseState(text.replace(from, to));
  expect(damaged).toEqual([`accounts ${ALICE}`]);
  expect(Object.keys(state.accounts)).toEqual(['bob@localhost:5050']);
  expect(state.servers).toEqual(WHOLE.servers);
});

test('an account of version 1 that makes no sense is left out alone', () => {
  const text = JSON.stringify(VERSION_1).replace('"tries":1', '"trials":1');
  const { state, damaged } = parseState(text);
  expect(damaged).toEqual([`accounts ${ALICE}`]);
  expect(Object.keys(state.accounts)).toEqual(['bob@localhost:5050']);
});

test('a list of servers that makes no sense leaves the accounts', () => {
  const { state, damaged } = parseState(JSON.stringify({ ...WHOLE, servers: [] }));
  expect(damaged).toEqual(['servers']);
  expect(state.accounts).toEqual(WHOLE.accounts);
});

test('what a hand wrote into the file does nothing to a terminal', () => {
  const text = JSON.stringify(WHOLE)
    .replace('"Ticket"', '"\\u001b[2JTicket"')
    .replace('"user":"alice"', '"user":"al\\u001b]0;x\\u0007ice"')
    .replace('"server":"localhost:5050"', '"server":"local\\u009bhost"');
  const read = JSON.stringify(parseState(text).state);
  expect(read).toContain('\ufffd[2JTicket');
  expect(read).not.toMatch(/\\u00|\p{Cc}/u);
  const named = parseState(text.replaceAll('"bob@', '"\\u001b[31mbob@').replace('"bob"', '7'));
  expect(named.damaged).toEqual(['accounts \ufffd[31mbob@localhost:5050']);
});

test('a file of a newer version is not damaged', () => {
  expect(() => parseState('{"version":4,"whatever":true}')).toThrow(NewerState);
});
