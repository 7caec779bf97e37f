import { stripVTControlCharacters } from 'node:util';
import chalk from 'chalk';
import { afterEach, describe, expect, test } from 'vitest';
import {
  inventoryTable,
  LOW_STOCK_UNITS,
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

function widths(table: string): Set<number> {
  const cells = (character: string): number => (/\p{Script=Han}/u.test(character) ? 2 : 1);
  return new Set(
    stripVTControlCharacters(table)
      .split('\n')
      .map((line) => [...line].reduce((sum, character) => sum + cells(character), 0)),
  );
}

test('the inventory, without colour where there is none', () => {
  chalk.level = 0;
  expect(inventoryTable(ITEMS)).toBe(
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

  test('warn of low stock in yellow, and of none in red', () => {
    chalk.level = 1;
    expect(stockBar(LOW_STOCK_UNITS + 1, 100)).toContain('\u001b[32m');
    expect(stockBar(LOW_STOCK_UNITS, 100)).toContain('\u001b[33m');
    expect(stockBar(0, 100)).toContain('\u001b[31m');
  });
});

test.each([40, 60, 80, 120])('on a terminal of %i columns the borders hold', (columns) => {
  chalk.level = 1;
  const name = '很长的名字 long name '.repeat(10);
  const long = ITEMS.map((item) => ({ ...item, name: `${item.upc}${name}` }));
  const table = inventoryTable(long, columns);
  expect(widths(table).size).toBe(1);
  // Below 66 columns a name keeps its least room instead.
  if (columns >= 66) expect([...widths(table)][0]).toBeLessThanOrEqual(columns);
  expect(stripVTControlCharacters(table)).toContain('…');
});

test('where there is no terminal, names are whole', () => {
  const name = 'x'.repeat(200);
  expect(inventoryTable([{ upc: 1, name, available: 1 }])).toContain(name);
});

test('the local inventory says whose it is', () => {
  chalk.level = 0;
  const holdings = { account: 'alice@localhost:5050', openOrders: [] };
  const table = localTable({ ...holdings, items: [{ upc: 1001, name: 'Ticket', units: 2 }] });
  expect(table).toContain('alice@localhost:5050 owns:');
  expect(table).toContain('│ 1001 │ Ticket │     2 │');
  expect(localTable({ ...holdings, items: [] })).toBe(
    'alice@localhost:5050 has bought nothing yet.',
  );
});

test('a receipt tells a purchase from a repeated one', () => {
  chalk.level = 0;
  const receipt = { order: 'o', at: 0, replayed: false, lines: [{ upc: 1, qty: 2, available: 3 }] };
  const items = [{ upc: 1, name: 'Ticket', units: 2 }];
  const bought = receiptTable({ receipt, items });
  expect(bought).toContain('Bought, as order o at 1970-01-01T00:00:00.000Z.');
  expect(bought).toContain('│   1 │ Ticket │      2 │    3 │');
  const again = receiptTable({ receipt: { ...receipt, replayed: true }, items });
  expect(again).toContain('nothing was bought again');
});

test('orders show what they bought or why they did not', () => {
  chalk.level = 0;
  const lines = [
    { upc: 1, qty: 2, available: 0 },
    { upc: 7, qty: 1, available: 0 },
  ];
  const table = ordersTable([
    { order: 'o', at: 0, lines, refusal: null },
    { order: 'p', at: 0, lines: [], refusal: 'NOITEM no such UPC: 9' },
  ]);
  expect(table).toContain('│ o     │ 1970-01-01T00:00:00.000Z │ 2 × 1, 1 × 7          │');
  expect(table).toContain('│ NOITEM no such UPC: 9 │');
  expect(ordersTable([])).toBe('No orders.');
});
