import { stripVTControlCharacters } from 'node:util';
import chalk from 'chalk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Column, layOut, wholeText } from '../../../src/cli/terminal/listing.ts';
import { cellsOf } from '../../../src/cli/terminal/width.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly note: string;
}

const COLUMNS: Column<Row>[] = [
  { title: 'Id', align: 'right', fit: 'whole', text: ({ id }) => id },
  { title: 'Name', align: 'left', fit: 'cut', text: ({ name }) => name },
  {
    title: 'Note',
    align: 'left',
    fit: 'spare',
    text: ({ note }) => note,
    paint: (text) => chalk.red(text),
  },
];

const ROWS: Row[] = [
  { id: '1', name: 'Ticket', note: 'low' },
  { id: '22', name: '音楽会のチケット 🎟️', note: 'much of it' },
];

const level = chalk.level;

beforeEach(() => {
  chalk.level = 0;
});

afterEach(() => {
  chalk.level = level;
});

function widest(text: string): number {
  return Math.max(...stripVTControlCharacters(text).split('\n').map(cellsOf));
}

test('where there is room, a table of whole texts', async () => {
  expect(wholeText(await layOut(COLUMNS, ROWS, { columns: undefined, plain: false }))).toBe(
    [
      '┌────┬─────────────────────┬────────────┐',
      '│ Id │ Name                │ Note       │',
      '├────┼─────────────────────┼────────────┤',
      '│  1 │ Ticket              │ low        │',
      '│ 22 │ 音楽会のチケット 🎟️ │ much of it │',
      '└────┴─────────────────────┴────────────┘',
    ].join('\n'),
  );
});

test('with less room the spare column is left out', async () => {
  expect(wholeText(await layOut(COLUMNS, ROWS, { columns: 30, plain: false }))).toBe(
    [
      '┌────┬─────────────────────┐',
      '│ Id │ Name                │',
      '├────┼─────────────────────┤',
      '│  1 │ Ticket              │',
      '│ 22 │ 音楽会のチケット 🎟️ │',
      '└────┴─────────────────────┘',
    ].join('\n'),
  );
});

test('with less room still, names are cut, and then rows are records', async () => {
  expect(wholeText(await layOut(COLUMNS, ROWS, { columns: 22, plain: false }))).toContain(
    '│ 22 │ 音楽会のチケ… │',
  );
  expect(wholeText(await layOut(COLUMNS, ROWS, { columns: 18, plain: false }))).toBe(
    [
      'Id: 1',
      'Name: Ticket',
      'Note: low',
      '',
      'Id: 22',
      'Name:',
      '  音楽会のチケット',
      '  🎟️',
      'Note: much of it',
    ].join('\n'),
  );
});

test('plain text has neither boxes nor colours', async () => {
  chalk.level = 1;
  expect(wholeText(await layOut(COLUMNS, ROWS, { columns: 80, plain: true }, ['Items:']))).toBe(
    [
      'Items:',
      'Id  Name                 Note',
      ' 1  Ticket               low',
      '22  音楽会のチケット 🎟️  much of it',
    ].join('\n'),
  );
  const narrow = wholeText(await layOut(COLUMNS, ROWS, { columns: 20, plain: true }));
  expect(narrow).toBe(stripVTControlCharacters(narrow));
  expect(narrow).not.toMatch(/[\u2500-\u257f…]/);
});

test.each([40, 41, 60, 79, 80, 120, 200])('nothing is wider than %i columns', async (columns) => {
  chalk.level = 1;
  const long: Row[] = Array.from({ length: 30 }, (_, index) => ({
    id: '9'.repeat((index % 16) + 1),
    name: '很长的名字 long name '.repeat(index % 9),
    note: 'note '.repeat(index % 7),
  }));
  const wrapping = COLUMNS.map((column) =>
    column.title === 'Note' ? { ...column, fit: 'wrap' as const } : column,
  );
  for (const plain of [false, true]) {
    for (const set of [COLUMNS, wrapping]) {
      const text = wholeText(
        await layOut(set, long, { columns, plain }, ['caption '.repeat(40).trim()]),
      );
      expect(widest(text)).toBeLessThanOrEqual(columns);
    }
  }
});

describe('a hundred thousand rows', () => {
  const many = Array.from({ length: 130_000 }, (_, index) => ({
    id: String(index),
    name: `Item ${index}`,
    note: 'x',
  }));

  test('are laid out in two looks at each cell, and a line is made when it is asked for', async () => {
    let made = 0;
    const counted: Column<Row>[] = COLUMNS.map((column) => ({
      ...column,
      text: (row) => {
        made++;
        return column.text(row);
      },
    }));
    const { count, lines } = await layOut(counted, many, { columns: 80, plain: false });
    expect(made).toBeLessThanOrEqual(2 * many.length * COLUMNS.length);
    made = 0;
    expect(count).toBe(130_000);
    expect(lines(129_998)).toEqual(['│ 129998 │ Item 129998 │ x    │']);
    expect(made).toBe(COLUMNS.length);
  });

  test('end with the border, and break no stack', async () => {
    const text = wholeText(await layOut(COLUMNS, many, { columns: undefined, plain: false }));
    expect(text.split('\n')).toHaveLength(130_004);
    expect(text.endsWith('┘')).toBe(true);
  });
});
