import { expect, test } from 'vitest';
import { DamagedState, emptyState, NewerState, parseState } from '../../../src/shop/state/state.ts';

const WHOLE = {
  version: 1,
  servers: { 'localhost:5050': 'alice@localhost:5050' },
  accounts: {
    'alice@localhost:5050': {
      user: 'alice',
      login: { token: 't', since: 1 },
      items: [{ upc: 1001, name: 'Ticket', units: 2 }],
      openOrders: [{ order: 'o', lines: [{ upc: 1001, qty: 1 }], tries: 1 }],
      recorded: ['p'],
    },
  },
};

test('what was written can be read', () => {
  expect(parseState(JSON.stringify(WHOLE))).toEqual(WHOLE);
  expect(parseState(JSON.stringify(emptyState()))).toEqual(emptyState());
});

test('a login may be over', () => {
  const text = JSON.stringify(WHOLE).replace('{"token":"t","since":1}', 'null');
  expect(parseState(text).accounts['alice@localhost:5050']?.login).toBeNull();
});

test.each([
  ['nothing', ''],
  ['half a file', JSON.stringify(WHOLE).slice(0, 100)],
  ['a list', '[]'],
  ['a number', '1'],
  ['no version', '{}'],
  ['no accounts', '{"version":1,"servers":{}}'],
  ['servers that are a list', '{"version":1,"servers":[],"accounts":{}}'],
  ...[
    ['"alice"', '1'],
    ['"token":"t"', '"token":1'],
    ['"units":2', '"units":-2'],
    ['"units":2', '"units":1.5'],
    ['"name":"Ticket"', '"name":null'],
    ['"qty":1', '"qty":"1"'],
    ['"tries":1', '"trials":1'],
    ['["p"]', '"p"'],
    ['"alice@localhost:5050"}', '7}'],
  ].map(([from, to]) => [
    `${to} for ${from}`,
    JSON.stringify(WHOLE).replace(from as string, to as string),
  ]),
])('damaged: %s', (_name, text) => {
  expect(() => parseState(text as string)).toThrow(DamagedState);
});

test('a file of a newer version is not damaged', () => {
  expect(() => parseState('{"version":2,"whatever":true}')).toThrow(NewerState);
});
