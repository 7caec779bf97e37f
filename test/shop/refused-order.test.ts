import { describe, expect, test } from 'vitest';
import { Refused } from '../../src/client/errors.ts';
import { namedItems } from '../../src/shop/refusal-text.ts';
import { refusalInWords } from '../../src/shop/refusal-words.ts';
import { OrderRefused, type RefusedRequest } from '../../src/shop/refused-order.ts';

const NOW = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const LINES = [
  { upc: 1006, qty: 20 },
  { upc: 1007, qty: 2 },
];
const ITEMS = new Map([[1006, { upc: 1006, name: 'Vinyl LP, signed', available: 10 }]]);

function refused(code: string, message: string, more: Partial<RefusedRequest> = {}): OrderRefused {
  const request = { kind: 'purchase', order: 'ux2', lines: LINES, ...more } as const;
  return new OrderRefused(new Refused(code, message), request, ITEMS);
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
    { kind: 'purchase', order: 'ux2', lines: [{ upc: 7, qty: 2 }] },
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
  const { details } = new OrderRefused(new Refused('NOITEM', message), {
    ...({ kind: 'purchase', order: 'many' } as const),
    lines,
  });
  expect(details.lines).toEqual([]);
});

test('what a server says in other words is passed on', () => {
  for (const code of ['NOSTOCK', 'LIMIT']) {
    expect(refused(code, 'no more for you').sentence).toBe('no more for you');
  }
});

test('a reused id names what it stands for', () => {
  const was = (message: string) => refused('ORDERREUSED', `that order id was used: ${message}`);
  expect(was('1001 asked 1').sentence).toBe('order ux2 was 1 × 1001; choose another --order');
  expect(was('1001 asked 1; 7 asked 3; and 5 more').sentence).toBe(
    'order ux2 was 1 × 1001, 3 × 7, and 5 more; choose another --order',
  );
  expect(was('1001 asked 1').details.lines).toEqual([]);
  const kind = (words: string) =>
    refused('ORDERREUSED', `that order id was used for another order, ${words}: 7 asked 2`)
      .sentence;
  expect(kind('a hold for 600 seconds')).toBe(
    'order ux2 was a hold of 2 × 7 for 600 seconds; choose another --order',
  );
  expect(kind('a return of o:1')).toBe(
    'order ux2 was a return of 2 × 7 to order o:1; choose another --order',
  );
  expect(refused('ORDERREUSED', 'used').sentence).toBe('used; choose another --order');
});

const AGO = '(refused at 2026-11-25T17:12:03.004Z)';

const MANY = [...Array(15).keys()].map((index) => ({ upc: 1000 + index, qty: 3 }));
const PINS = new Map(
  MANY.map(({ upc }) => [upc, { upc, code: `00${upc}`, name: `Pin ${upc}`, available: 1 }]),
);

/** The refusal of fifteen lines, of which the server names the first ten. */
function manyRefused(code: string, line: (upc: number) => string, separator: string, then = '') {
  const named = MANY.slice(0, 10).map(({ upc }) => line(upc));
  const message = `no: ${[...named, 'and 5 more'].join(separator)}${then}`;
  const request = { kind: 'purchase', order: 'many', of: 'o', lines: MANY } as const;
  return new OrderRefused(new Refused(code, message), request, PINS);
}

describe.each<[string, (upc: number) => string, string, string, string, string]>([
  [
    'NOSTOCK',
    (upc) => `${upc} asked 3 available 1`,
    '; ',
    '3 × 001009 (Pin 1009) ordered, 1 left; and 5 more; nothing was bought',
    '(1 of 001000, 1 of 001001, 1 of 001002, 1 of 001003, 1 of 001004, 1 of 001005, 1 of 001006, 1 of 001007, 1 of 001008 and 1 of 001009 were left then, and 5 more were short)',
    '3 × 001009 ordered, 1 left; and 5 more',
  ],
  [
    'LIMIT',
    (upc) => `${upc} limit 2 had 1 asked 3`,
    '; ',
    'at most 2 × 001009 (Pin 1009) for each customer, and you have 1: 1 more is possible, not 3; and 5 more; nothing was bought',
    'limit 2 of 001009, you had 1 then; and 5 more)',
    'limit 2 of 001009, you had 1 then; and 5 more',
  ],
  [
    'NORETURN',
    String,
    ', ',
    '001009 (Pin 1009), and 5 more cannot be given back; nothing was bought',
    '(not to be given back: 001000, 001001, 001002, 001003, 001004, 001005, 001006, 001007, 001008, 001009, and 5 more)',
    '001009, and 5 more',
  ],
  [
    'NOTBOUGHT',
    (upc) => `${upc} bought 2 returned 1 asked 3`,
    '; ',
    'order o bought 2 × 001009 (Pin 1009), of which 1 came back already: 1 can be given back, not 3; and 5 more; nothing was bought',
    '3 × 001009 to be given back, and 1 of 2 bought not given back yet; and 5 more)',
    '3 × 001009 to be given back, and 1 of 2 bought not given back yet; and 5 more',
  ],
  [
    'NOITEM',
    String,
    ', ',
    '1009, and 5 more; see inv shop inventory',
    '(no such UPC then: 001000, 001001, 001002, 001003, 001004, 001005, 001006, 001007, 001008, 001009, and 5 more)',
    '001009, and 5 more',
  ],
])('a %s of many lines, wherever it is told, counts those that it does not name', (...told) => {
  const [code, line, separator, now, then, listed] = told;

  test('when it is new', () => {
    const error = manyRefused(code, line, separator);
    expect(error.sentence.endsWith(now), error.sentence).toBe(true);
    expect(error.details.lines).toHaveLength(10);
    expect(error.details.more).toBe(5);
    expect(error.reason.endsWith(listed), error.reason).toBe(true);
  });

  test('when it is told again, and in a list of orders', () => {
    const again = manyRefused(code, line, separator, ` ${AGO}`);
    expect(again.sentence).toContain(then);
    const { message } = manyRefused(code, line, separator);
    expect(refusalInWords(`${code} ${message}`, PINS).endsWith(listed)).toBe(true);
    expect(namedItems(message)).toEqual(MANY.slice(0, 10).map(({ upc }) => upc));
  });
});

test.each([
  ['1006 limit 4 had 3 asked 2', 'and you have 3: 1 more is possible, not 2'],
  ['1006 limit 4 had 1 asked 9', 'and you have 1: 3 more are possible, not 9'],
  ['1006 limit 4 had 4 asked 1', 'and you have 4: what you give back or release makes room'],
  // The limit was lowered since.
  ['1006 limit 4 had 7 asked 1', 'and you have 7: what you give back or release makes room'],
])('a limit says what is possible: %s', (told, now) => {
  const error = refused('LIMIT', `over the limit: ${told}`);
  const [, limit, had, asked] = told.match(/limit (\d+) had (\d+) asked (\d+)/) as string[];
  expect(error.sentence).toBe(
    `at most 4 × 1006 (Vinyl LP, signed) for each customer, ${now}; nothing was bought`,
  );
  expect(error.details.lines).toEqual([
    { upc: 1006, asked: Number(asked), limit: Number(limit), had: Number(had) },
  ]);
});

test('a limit that stopped a hold, and one of an earlier try', () => {
  const told = 'over the limit: 1006 limit 4 had 3 asked 2';
  expect(refused('LIMIT', told, { kind: 'hold' }).sentence).toMatch(/nothing is held$/);
  const again = refused('LIMIT', `${told} ${AGO}`);
  expect(again.sentence).toBe(
    'order ux2 was refused on 2026-11-25T17:12Z (limit 4 of 1006, you had 3 then); to try again, use a new --order',
  );
  expect(again.details).toMatchObject({ replayed: true, at: '2026-11-25T17:12:03.004Z' });
});

test.each([
  [
    '1006 bought 3 returned 2 asked 2',
    'bought 3 × 1006 (Vinyl LP, signed), of which 2 came back already: 1 can be given back, not 2',
  ],
  [
    '1006 bought 3 returned 0 asked 4',
    'bought 3 × 1006 (Vinyl LP, signed): 3 can be given back, not 4',
  ],
  [
    '1006 bought 3 returned 3 asked 1',
    'bought 3 × 1006 (Vinyl LP, signed), of which 3 came back already: none can be given back, not 1',
  ],
  ['1006 bought 0 returned 0 asked 1', 'has no 1006 (Vinyl LP, signed)'],
])('what was not bought cannot be given back: %s', (told, reason) => {
  const error = refused('NOTBOUGHT', `not bought under that order: ${told}`, {
    ...({ kind: 'return', of: 'o' } as const),
  });
  expect(error.sentence).toBe(`order o ${reason}; nothing was given back`);
  expect(error.details.lines).toMatchObject([{ upc: 1006, bought: Number(told[12]) }]);
});

test('what the shop does not take back', () => {
  const back = { kind: 'return', of: 'o' } as const;
  const error = refused('NORETURN', 'not taken back: 1006', back);
  expect(error.sentence).toBe(
    '1006 (Vinyl LP, signed) cannot be given back; nothing was given back',
  );
  expect(error.details.lines).toEqual([{ upc: 1006, asked: 20 }]);
  expect(refused('NORETURN', `not taken back: 1006 ${AGO}`, back).sentence).toBe(
    'order ux2 was refused on 2026-11-25T17:12Z (not to be given back: 1006); to try again, use a new id',
  );
});

test.each<[RefusedRequest['kind'], string, string]>([
  [
    'confirm',
    'expired',
    'hold ux2 expired at 2026-11-25T17:12:03Z; nothing was bought; to hold or buy the units, use a new --order',
  ],
  [
    'purchase',
    'released',
    'hold ux2 was released at 2026-11-25T17:12:03Z; nothing was bought; to hold or buy the units, use a new --order',
  ],
  [
    'release',
    'bought',
    'order ux2 was bought at 2026-11-25T17:12:03Z; to give units back, use inv shop return ux2',
  ],
  ['extend', 'bought', 'order ux2 was bought at 2026-11-25T17:12:03Z: it needs no hold any more'],
  [
    'confirm',
    'refused',
    'order ux2 was refused at 2026-11-25T17:12:03Z: there is nothing to confirm',
  ],
  ['confirm', 'returned', 'order ux2 is a return of 2026-11-25T17:12:03Z, and no hold'],
])('a hold that is no more: %s of one that %s', (kind, state, sentence) => {
  const what = state === 'returned' ? 'is a return of' : `was ${state} at`;
  const told = `order ux2 is not held: it ${what} 2026-11-25T17:12:03.004Z`;
  const error = refused('NOHOLD', told, { kind });
  expect(error.sentence).toBe(sentence);
  expect(error.details).toEqual({
    ...{ order: 'ux2', at: NOW, replayed: false, lines: [] },
    ...{ state, ended: '2026-11-25T17:12:03.004Z' },
  });
});

test('an ended hold of which the server tells no more', () => {
  const error = refused('NOHOLD', 'no more', { kind: 'confirm' });
  expect(error.sentence).toBe('no more');
  expect(error.details).not.toHaveProperty('state');
});
