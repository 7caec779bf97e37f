import { beforeAll, expect, test } from 'vitest';
import { cellsOf, prepareToMeasure } from '../../../src/cli/terminal/width.ts';
import { entryLine } from '../../../src/shop/terminal/entry-line.ts';

beforeAll(() => prepareToMeasure(['音']));

const ORDER = '019ac0e2-0000-7000-8000-0000deadbeef';
const TICKET = {
  head: '1001 ',
  name: 'Concert ticket, front row',
  tail: ': 3 bought at noon',
  shortTail: ': 3',
  order: ORDER,
};

test.each([
  [87, `1001 Concert ticket, front row: 3 bought at noon (${ORDER})`],
  [86, `1001 Concert ticket, front r…: 3 bought at noon (${ORDER})`],
  [75, `1001 Concert tick…: 3 bought at noon (${ORDER})`],
  [70, '1001 Concert ticket, front row: 3 bought at noon (019a…adbeef)'],
  [50, '1001 Concert tick…: 3 bought at noon (019a…adbeef)'],
  [200, `1001 Concert ticket, front row: 3 bought at noon (${ORDER})`],
  [86, `1001 Concert ticket, front r…: 3 bought at noon (${ORDER})`],
  [75, `1001 Concert tick…: 3 bought at noon (${ORDER})`],
  [70, '1001 Concert ticket, front row: 3 bought at noon (019a…adbeef)'],
  [50, '1001 Concert tick…: 3 bought at noon (019a…adbeef)'],
  [48, '1001 Concert ticket, front row: 3 (019a…adbeef)'],
  [37, '1001 Concert ticket…: 3 (019a…adbeef)'],
  [24, '1001 C…: 3 (019a…adbeef)'],
  [10, '1001 …: 3…'],
])('in %i cells', (cells, line) => {
  expect(entryLine(TICKET, cells)).toBe(line);
});

test('wide characters take two cells, and a short order id stays whole', () => {
  const concert = { ...TICKET, name: '音楽会のチケット、前列', order: 'cart-17' };
  expect(entryLine(concert, 34)).toBe('1001 音楽会のチケッ…: 3 (cart-17)');
  for (let cells = 1; cells < 100; cells++) {
    expect(cellsOf(entryLine(concert, cells))).toBeLessThanOrEqual(cells);
  }
});
