import { expect, test } from 'vitest';
import { Refused } from '../../src/client/errors.ts';
import { OrderRefused, refusalInWords } from '../../src/shop/refused-order.ts';

const NOW = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const LINES = [
  { upc: 1006, qty: 20 },
  { upc: 1007, qty: 2 },
];
const ITEMS = new Map([[1006, { upc: 1006, name: 'Vinyl LP, signed', available: 10 }]]);

function refused(code: string, message: string): OrderRefused {
  return new OrderRefused(new Refused(code, message), 'ux2', LINES, ITEMS);
}

test('a new refusal names the item, what was ordered and what is left', () => {
  const error = refused('NOSTOCK', 'not enough stock: 1006 asked 20 available 10');
  expect(error.sentence).toBe(
    'not enough stock: 20 × 1006 (Vinyl LP, signed) ordered, 10 left; nothing was bought',
  );
  expect(error.details).toEqual({
    order: 'ux2',
    at: NOW,
    replayed: false,
    lines: [{ upc: 1006, asked: 20, available: 10 }],
  });
});

test('an item is called what the shop calls it, with its leading zeros', () => {
  const item = { upc: 7, code: '0007', name: 'Pin', available: 1 };
  const error = new OrderRefused(
    new Refused('NOSTOCK', 'too little stock: 7 asked 2 available 1'),
    'ux2',
    [{ upc: 7, qty: 2 }],
    new Map([[7, item]]),
  );
  expect(error.sentence).toBe(
    'not enough stock: 2 × 0007 (Pin) ordered, 1 left; nothing was bought',
  );
});

test('several lines are told together, and an item of unknown name by its UPC', () => {
  const error = refused('NOSTOCK', 'x: 1006 asked 20 available 10; 1007 asked 2 available 0');
  expect(error.sentence).toBe(
    'not enough stock: 20 × 1006 (Vinyl LP, signed) ordered, 10 left; 2 × 1007 ordered, none left; nothing was bought',
  );
});

test.each([
  ['1006 asked 20 available 10', '10 were left then'],
  ['1006 asked 20 available 1', '1 was left then'],
  ['1006 asked 20 available 1; 1007 asked 2 available 0', '1 of 1006 and 0 of 1007 were left then'],
])('a repeated refusal says when it was: %s', (short, then) => {
  const error = refused('NOSTOCK', `x: ${short} (refused at 2026-11-25T17:12:03.004Z)`);
  expect(error.sentence).toBe(
    `order ux2 was refused on 2026-11-25T17:12Z (${then}); to try again, use a new --order`,
  );
  expect(error.details).toMatchObject({ at: '2026-11-25T17:12:03.004Z', replayed: true });
});

test('an item that does not exist', () => {
  const error = refused('NOITEM', 'no such UPC: 1007');
  expect(error.sentence).toBe('no such UPC: 1007; see inv shop inventory');
  expect(error.details.lines).toEqual([{ upc: 1007, asked: 2, available: 0 }]);
  expect(
    refused('NOITEM', 'no such UPC: 1007 (refused at 2026-11-25T17:12:03.004Z)').sentence,
  ).toBe(
    'order ux2 was refused on 2026-11-25T17:12Z (no such UPC then: 1007); to try again, use a new --order',
  );
});

test('how many more items do not exist is no UPC', () => {
  const lines = [{ upc: 490, qty: 1 }];
  const message = 'no such UPC: 1, 2, and 490 more';
  const { details } = new OrderRefused(new Refused('NOITEM', message), 'many', lines, new Map());
  expect(details.lines).toEqual([]);
});

test('what a server says in other words is passed on', () => {
  for (const code of ['NOSTOCK', 'LIMIT']) {
    expect(refused(code, 'no more for you').sentence).toBe('no more for you');
  }
});

test.each([
  [
    'NOSTOCK too little stock: 1006 asked 11 available 10',
    'refused: not enough stock: 11 × 1006 ordered, 10 left',
  ],
  ['NOITEM no such UPC: 9', 'refused: no such UPC: 9'],
])('%s, in a list of orders', (refusal, words) => {
  expect(refusalInWords(refusal)).toBe(words);
});

test('a reused id names what it stands for', () => {
  const was = (message: string) => refused('ORDERREUSED', `that order id was used: ${message}`);
  expect(was('1001 asked 1').sentence).toBe('order ux2 was 1 × 1001; choose another --order');
  expect(was('1001 asked 1; 7 asked 3; and 5 more').sentence).toBe(
    'order ux2 was 1 × 1001, 3 × 7, more; choose another --order',
  );
  expect(refused('ORDERREUSED', 'used').sentence).toBe('used; choose another --order');
});
