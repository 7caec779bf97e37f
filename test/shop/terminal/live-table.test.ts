import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { LiveTable } from '../../../src/shop/terminal/live-table.ts';
import { jsonLine, plainLine } from '../../../src/shop/terminal/watch-lines.ts';
import type { WatchedItem } from '../../../src/shop/watch.ts';

const item = (upc: number, available: number, changes: Partial<WatchedItem> = {}): WatchedItem => ({
  upc,
  name: `item ${upc}`,
  available,
  isGone: false,
  ...changes,
});

/** A table that is not shown yet, and so draws nothing by itself. */
function tableOf(...items: WatchedItem[]): LiveTable {
  const table = new LiveTable('inv shop watch', () => undefined);
  table.changed(items, 0);
  return table;
}

async function shown(table: LiveTable, columns = 80, rows = 24, now = 0): Promise<string[]> {
  const picture = await table.picture(columns, rows, now);
  return stripVTControlCharacters(picture).split('\r\n');
}

/** One that was begun before is there by then. */
async function asLongAsAPicture(table: LiveTable): Promise<void> {
  for (let count = 0; count < 3; count++) await table.picture(80, 24, 0);
}

describe('the live table', () => {
  test('draws nothing before the screen is its own, and nothing after', async () => {
    const printed: string[] = [];
    const write = (text: string, written: () => void) => printed.push(text) && written();
    using _ = vi.spyOn(process.stdout, 'write').mockImplementation(write as never);
    const table = tableOf(item(1001, 50));
    table.trouble('no server');
    await asLongAsAPicture(table);
    expect(printed).toEqual([]);
    table.show();
    await vi.waitFor(() => expect(printed).toEqual([expect.stringContaining('1001')]));
    table.changed([item(1002, 7)]);
    table.end();
    await asLongAsAPicture(table);
    expect(printed).toHaveLength(1);
  });

  test('shows levels, bars, and what changed lately, summed up', async () => {
    const table = tableOf(item(1001, 50), item(1002, 10), item(1003, 0));
    table.changed([item(1001, 49)], 1_000);
    table.changed([item(1001, 45)], 2_000);
    table.changed([item(1003, 3)], 2_000);
    const lines = await shown(table, 80, 24, 3_000);
    expect(lines[0]).toBe('inv shop watch · 3 items');
    expect(lines.at(-1)).toContain('q quits');
    expect(lines.find((line) => line.includes('1001'))).toMatch(/item 1001 +│ +45 │ +-5 │ █{20}/);
    expect(lines.find((line) => line.includes('1003'))).toMatch(/│ +3 │ +\+3 │ █▍ low/);
    // After some seconds nothing is new any more.
    const later = await shown(table, 80, 24, 8_000);
    expect(later.join()).not.toMatch(/-5|\+3/);
  });

  test('says what is sold out, and what is on sale no more', async () => {
    const table = tableOf(item(1, 0), item(2, 0, { isGone: true }));
    const lines = await shown(table);
    expect(lines.find((line) => line.includes('item 1'))).toContain('sold out');
    expect(lines.find((line) => line.includes('item 2'))).toContain('not on sale');
  });

  test('fits any terminal, and can be moved through', async () => {
    const table = tableOf(...Array.from({ length: 100 }, (_, index) => item(index + 1, 5)));
    for (const [columns, rows] of [
      [80, 24],
      [40, 10],
      [20, 6],
      [200, 60],
    ] as const) {
      const lines = await shown(table, columns, rows);
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect((await shown(table)).join()).not.toContain('item 100');
    table.move('end');
    expect((await shown(table)).join()).toContain('item 100');
    // A change leaves the window where it is.
    table.changed([item(99, 4)], 0);
    expect((await shown(table)).join()).toContain('item 100');
  });

  test('says that the server is away, until it is back', async () => {
    const table = tableOf(item(1, 5));
    table.trouble('lost the connection to localhost:5050');
    expect((await shown(table)).at(-1)).toBe('trying again: lost the connection to localhost:5050');
    table.trouble('');
    expect((await shown(table)).at(-1)).toContain('live');
  });
});

test('a line of JSON, and one for people', () => {
  const code = { code: '01001' };
  expect(jsonLine(item(1001, 4, code), 0)).toBe(
    '{"at":"1970-01-01T00:00:00.000Z","upc":1001,"code":"01001","name":"item 1001","available":4}',
  );
  expect(jsonLine(item(1, 0, { isGone: true }), 0)).toContain('"available":0,"gone":true}');
  expect(plainLine(item(1001, 4, code), 0)).toBe(
    '1970-01-01T00:00:00Z  01001  4 available  item 1001',
  );
  expect(plainLine(item(1, 0, { isGone: true }), 0)).toContain('not on sale any more');
});
