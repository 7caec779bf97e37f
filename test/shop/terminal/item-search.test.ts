import { expect, test } from 'vitest';
import { ItemSearch } from '../../../src/shop/terminal/item-search.ts';

const ITEMS = [
  { upc: 1001, name: 'Concert ticket, front row', available: 1 },
  { upc: 1002, name: 'Concert ticket, balcony', available: 1 },
  { upc: 2001, name: 'Poster, 1001 stars', available: 0 },
];

test.each([
  ['', [1001, 1002, 2001]],
  ['100', [1001, 1002, 2001]],
  ['2', [2001]],
  ['1002', [1002]],
  ['0001002', [1002]],
  ['000', []],
  ['TICKET', [1001, 1002]],
  ['row concert', [1001]],
  ['  balcony ', [1002]],
  ['nothing', []],
])('%j finds %j', (typed, upcs) => {
  expect(new ItemSearch(ITEMS).matching(typed).map((item) => item.upc)).toEqual(upcs);
});

test.each([
  ['1002', 1002],
  ['0000000001002', 1002],
  ['00000000000000001002', 1002],
  ['100', undefined],
  ['1001 stars', undefined],
])('%j in full is %j', (typed, upc) => {
  expect(new ItemSearch(ITEMS).exact(typed)?.upc).toBe(upc);
});

test('leading zeros of the shop are found as they are typed', () => {
  const items = [{ upc: 12345, code: '0012345', name: 'Mug', available: 1 }, ...ITEMS];
  for (const typed of ['00', '0012', '12', '0012345', '12345', '00012345']) {
    expect(new ItemSearch(items).matching(typed)).toContain(items[0]);
  }
});

test('a hundred thousand items are made comparable once, not at every key', () => {
  let read = 0;
  const many = Array.from({ length: 100_000 }, (_, index) => ({
    upc: index + 1,
    available: 1,
    get name() {
      read++;
      return `Item ${index + 1}`;
    },
  }));
  const search = new ItemSearch(many);
  for (const typed of ['4', '40', '400', '4006', '40063', 'item 99999']) search.matching(typed);
  expect(read).toBe(100_000);
  expect(search.matching('item 99999').map(({ upc }) => upc)).toEqual([99_999]);
});
