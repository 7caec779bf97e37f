import { stripVTControlCharacters } from 'node:util';
import chalk from 'chalk';
import { afterEach, describe, expect, test } from 'vitest';
import type { Look } from '../../../src/cli/terminal/look.ts';
import { cellsOf } from '../../../src/cli/terminal/width.ts';
import type { Held } from '../../../src/shop/ordering.ts';
import { LOW_STOCK_UNITS } from '../../../src/shop/terminal/columns.ts';
import { holdsTable, holdTable, returnTable } from '../../../src/shop/terminal/hold-tables.ts';
import {
  inventoryTable,
  localTable,
  ordersTable,
  receiptTable,
  stockBar,
} from '../../../src/shop/terminal/tables.ts';

const level = chalk.level;

afterEach(() => {
  chalk.level = level;
});

const ITEMS = [
  { upc: 1001, name: 'Ticket', available: 100 },
  { upc: 1002, name: '音楽会のチケット 🎟️', available: 10 },
  { upc: 1003, name: 'Pin', available: 0 },
];

const WIDE: Look = { columns: undefined, plain: false };
const ACCOUNT = 'alice@localhost:5050';

test('the inventory, without colour where there is none', async () => {
  chalk.level = 0;
  expect(await inventoryTable(ITEMS, WIDE)).toBe(
    [
      '┌──────┬─────────────────────┬───────────┬──────────────────────┐',
      '│  UPC │ Item                │ Available │ Stock                │',
      '├──────┼─────────────────────┼───────────┼──────────────────────┤',
      '│ 1001 │ Ticket              │       100 │ ████████████████████ │',
      '│ 1002 │ 音楽会のチケット 🎟️ │        10 │ ██ low               │',
      '│ 1003 │ Pin                 │         0 │ sold out             │',
      '└──────┴─────────────────────┴───────────┴──────────────────────┘',
    ].join('\n'),
  );
});

test('a UPC is shown as the shop writes it', async () => {
  const item = { upc: 7, code: '0007', name: 'Pin' };
  const look: Look = { columns: undefined, plain: true };
  expect(await inventoryTable([{ ...item, available: 100 }], look)).toMatch(/^0007 {2}Pin/m);
  expect(
    await localTable({ account: ACCOUNT, items: [{ ...item, units: 1 }], holds: [] }, look),
  ).toMatch(/^0007 {2}Pin/m);
  const receipt = {
    ...{ order: 'a', at: 0, replayed: false },
    lines: [
      { upc: 7, qty: 1, available: 4 },
      { upc: 8, qty: 1, available: 4 },
    ],
  };
  const bought = { account: ACCOUNT, receipt, items: [{ ...item, units: 1 }] };
  expect(await receiptTable(bought, look)).toMatch(/^0007 {2}Pin.*\n +8 /m);
});

describe('stock bars', () => {
  test.each([
    [100, 100, '█'.repeat(20)],
    [50, 100, '█'.repeat(10)],
    [81, 800, '██'],
    [33, 1000, '▋'],
    [11, 1_000_000, '▏'],
  ])('%i of %i', (available, most, bar) => {
    chalk.level = 0;
    expect(stockBar(available, most)).toBe(bar);
  });

  test('warn of low stock in yellow, and of none in red', async () => {
    chalk.level = 1;
    const stock = [LOW_STOCK_UNITS + 1, LOW_STOCK_UNITS, 0];
    const items = stock.map((available, upc) => ({ upc, name: 'Pin', available }));
    const lines = (await inventoryTable(items, WIDE)).split('\n');
    expect(lines[3]).toContain('\u001b[32m██');
    expect(lines[4]).toContain('\u001b[33m██');
    expect(lines[5]).toContain('\u001b[31msold out');
  });
});

test('the inventory as plain text', async () => {
  chalk.level = 1;
  expect(await inventoryTable(ITEMS, { columns: 80, plain: true })).toBe(
    [
      ' UPC  Item                 Available  Stock',
      '1001  Ticket                     100',
      '1002  音楽会のチケット 🎟️         10  low',
      '1003  Pin                          0  sold out',
    ].join('\n'),
  );
});

test('an empty inventory is a sentence', async () => {
  expect(await inventoryTable([], WIDE)).toBe('No items in the catalogue.');
});

test('where there is no terminal, names are whole', async () => {
  const name = 'x'.repeat(200);
  expect(await inventoryTable([{ upc: 1, name, available: 1 }], WIDE)).toContain(name);
});

describe.each([40, 60, 66, 80, 120, 200])('on a terminal of %i columns', (columns) => {
  const name = '很长的名字 long name '.repeat(10);
  const upcs = [1001, 4006381333931, Number.MAX_SAFE_INTEGER];
  const account = `${'a'.repeat(64)}@some.long.host.example:5050`;
  const id = 'x'.repeat(64);
  const lines = upcs.map((upc) => ({ upc, qty: 123_456, available: Number.MAX_SAFE_INTEGER }));

  test.each([false, true])('no list is wider (plain: %s)', async (plain) => {
    chalk.level = 1;
    const look = { columns, plain };
    const held = upcs.map((upc) => ({ upc, name, units: upc }));
    const receipt = { order: id, at: 0, replayed: false, lines };
    const refusal = 'NOSTOCK not enough stock: 20 × 1006 ordered, 10 left';
    const past = (refused: boolean) => ({
      order: id,
      at: 0,
      lines: refused ? [] : lines,
      refusal: refused ? refusal : null,
      state: refused ? ('refused' as const) : ('bought' as const),
    });
    const texts = [
      await inventoryTable(
        upcs.map((upc) => ({ upc, name, available: upc })),
        look,
      ),
      await inventoryTable(ITEMS, look),
      await localTable({ account, items: held, holds: [] }, look),
      await localTable({ account, items: [], holds: [] }, look),
      await receiptTable({ account, receipt, items: held }, look),
      await receiptTable({ account, receipt: { ...receipt, replayed: true }, items: held }, look),
      await ordersTable([past(true), past(false)], look),
      await ordersTable([], look),
    ];
    for (const text of texts) {
      const widths = stripVTControlCharacters(text).split('\n').map(cellsOf);
      expect(Math.max(...widths), text).toBeLessThanOrEqual(columns);
    }
  });
});

test('the local inventory says whose it is', async () => {
  chalk.level = 0;
  const holdings = { account: 'alice@localhost:5050', holds: [] };
  const table = await localTable(
    { ...holdings, items: [{ upc: 1001, name: 'Ticket', units: 2 }] },
    WIDE,
  );
  expect(table).toContain('alice@localhost:5050 owns:');
  expect(table).toContain('│ 1001 │ Ticket │     2 │');
  expect(await localTable({ ...holdings, items: [] }, WIDE)).toBe(
    'alice@localhost:5050 has bought nothing from this computer yet.',
  );
});

test('a receipt tells a purchase from a repeated one', async () => {
  chalk.level = 0;
  const receipt = { order: 'o', at: 0, replayed: false, lines: [{ upc: 1, qty: 2, available: 3 }] };
  const items = [{ upc: 1, name: 'Ticket', units: 2 }];
  const bought = await receiptTable({ account: ACCOUNT, receipt, items }, WIDE);
  expect(bought).toContain(
    'Bought for alice@localhost:5050, as order o at 1970-01-01T00:00:00.000Z.',
  );
  expect(bought).toContain('│   1 │ Ticket │      2 │    3 │');
  const again = await receiptTable(
    { account: ACCOUNT, receipt: { ...receipt, replayed: true }, items },
    WIDE,
  );
  expect(again).toContain('nothing was bought again');
});

test('orders show what they bought or why they did not', async () => {
  chalk.level = 0;
  const lines = [
    { upc: 1, qty: 2, available: 0 },
    { upc: 7, qty: 1, available: 0 },
  ];
  const table = await ordersTable(
    [
      { order: 'o', at: 0, lines, refusal: null, state: 'bought' },
      { order: 'p', at: 0, lines: [], refusal: 'NOITEM no such UPC: 9', state: 'refused' },
    ],
    WIDE,
  );
  expect(table).toContain('│ o     │ 1970-01-01T00:00:00Z │ 2 × 1, 1 × 7            │');
  expect(table).toContain('│ refused: no such UPC: 9 │');
  expect(await ordersTable([], WIDE)).toBe('No orders.');
});

describe('holds and returns', () => {
  const item = { upc: 7, code: '0007', name: 'Pin', units: 2 };
  const lines = [{ upc: 7, qty: 2, available: 48 }];
  const until = Date.parse('2026-11-25T17:12:03Z');
  const soon = () => Date.now() + 300_900;
  const held = (more: Partial<Held['receipt']> = {}): Held => ({
    ...{ account: ACCOUNT, items: [item], ends: soon() },
    receipt: { order: 'h', at: 0, until, replayed: false, state: 'held', lines, ...more },
  });
  const PLAIN: Look = { columns: 80, plain: true };

  test('what is held stands below what is owned, with the time left', async () => {
    const holds = [{ order: 'h', until, ends: soon(), items: [item] }];
    const owned = { account: ACCOUNT, items: [{ upc: 1, name: 'Ticket', units: 1 }], holds };
    expect(await localTable(owned, PLAIN)).toBe(
      [
        'Bought from this computer, alice@localhost:5050 owns:',
        'UPC  Item    Units',
        '  1  Ticket      1',
        '',
        'Held for alice@localhost:5050, and not bought:',
        ' UPC  Item  Units  Time left  Order',
        '0007  Pin       2      5 min  h',
      ].join('\n'),
    );
    expect(await localTable({ ...owned, items: [] }, PLAIN)).toMatch(
      /has bought nothing from this computer yet\.\n\nHeld for /,
    );
  });

  test('a hold says for whom, and until when', async () => {
    expect(await holdTable(held(), PLAIN)).toBe(
      [
        'Held for alice@localhost:5050, as order h: until 2026-11-25T17:12:03Z, 5 min',
        'left.',
        ' UPC  Item  Held  Left',
        '0007  Pin      2    48',
      ].join('\n'),
    );
    expect(await holdTable(held({ replayed: true }), PLAIN)).toMatch(/nothing was held again/);
  });

  test.each([
    ['bought', 'was bought'],
    ['released', 'was released'],
    ['expired', 'has expired'],
  ] as const)('a hold that is made again says that it is %s', async (state, words) => {
    const table = await holdTable(held({ replayed: true, state }), PLAIN);
    expect(table).toContain(`Hold h was made before, and ${words} since; nothing is held now.`);
  });

  test('the list of holds', async () => {
    expect(await holdsTable([held()], PLAIN)).toBe(
      [
        'Order  Until                 Time left  Units',
        'h      2026-11-25T17:12:03Z      5 min  2 x 0007',
      ].join('\n'),
    );
    expect(await holdsTable([], PLAIN)).toBe('Nothing is held.');
  });

  test('a return, and one that is made again', async () => {
    const receipt = { order: 'r', of: 'o', at: 0, replayed: false, lines };
    const returned = { account: ACCOUNT, items: [item], receipt };
    expect(await returnTable(returned, WIDE)).toContain(
      'Given back for alice@localhost:5050, as return r of order o at 1970-01-01T00:00:00.000Z.',
    );
    const again = { ...returned, receipt: { ...receipt, replayed: true } };
    expect(await returnTable(again, WIDE)).toContain('nothing was given back again');
  });

  test('orders say what they are', async () => {
    const order = { order: 'h', at: 0, lines, refusal: null };
    const table = await ordersTable(
      [
        { ...order, state: 'held', until },
        { ...order, state: 'expired', until },
        { ...order, state: 'released', until },
        { ...order, state: 'returned', of: 'o' },
      ],
      WIDE,
    );
    expect(table).toMatch(
      /held until 2026-11-25T17:12:03Z: 2 × 7[\s\S]*held, and expired: 2 × 7[\s\S]*held, and released: 2 × 7[\s\S]*given back: 2 × 7 of order o/,
    );
  });

  test('orders and why they were refused name items as the shop writes them', async () => {
    const refusal = 'NOSTOCK too little stock: 7 asked 9 available 2; 8 asked 1 available 0';
    const table = await ordersTable(
      [
        { order: 'o', at: 0, lines, refusal: null, state: 'bought' },
        { order: 'p', at: 0, lines: [], refusal, state: 'refused' },
      ],
      WIDE,
      [item],
    );
    expect(table).toContain(' 2 × 0007 ');
    expect(table).toContain('9 × 0007 ordered, 2 left; 1 × 8 ordered, none left');
  });

  test.each([40, 66, 120])('no list is wider than %i columns', async (columns) => {
    const long = { ...held(), items: [{ ...item, name: 'x'.repeat(200) }] };
    const receipt = { ...long.receipt, order: 'x'.repeat(64) };
    const look = { columns, plain: false };
    const holds = [{ order: receipt.order, until, ends: soon(), items: long.items }];
    const texts = [
      await holdTable({ ...long, receipt }, look),
      await holdsTable([{ ...long, receipt }], look),
      await localTable({ account: ACCOUNT, items: long.items, holds }, look),
      await returnTable({ ...long, receipt: { ...receipt, of: receipt.order } }, look),
    ];
    for (const text of texts) {
      const widths = stripVTControlCharacters(text).split('\n').map(cellsOf);
      expect(Math.max(...widths), text).toBeLessThanOrEqual(columns);
    }
  });
});
