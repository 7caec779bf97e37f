import { expect, test } from 'vitest';
import { matching } from '../../../src/shop/terminal/purchase-dialog.ts';

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
  ['TICKET', [1001, 1002]],
  ['row concert', [1001]],
  ['  balcony ', [1002]],
  ['nothing', []],
])('%j finds %j', (typed, upcs) => {
  expect(matching(ITEMS, typed).map((item) => item.upc)).toEqual(upcs);
});
