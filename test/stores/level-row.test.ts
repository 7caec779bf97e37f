import { expect, test } from 'vitest';
import { itemLevelFromRow } from '../../src/stores/level-row.ts';

const row = {
  upc: 7n,
  name: 'seven',
  code: null,
  units: 9n,
  first_units: 4n,
  available: 3n,
  held: 1n,
  returned: 2n,
};

test('a level is the same from both databases', () => {
  const level = { upc: 7, name: 'seven', units: 9, available: 3, held: 1, returned: 2 };
  expect(itemLevelFromRow(row)).toEqual({ ...level, firstUnits: 4 });
  const fromPostgres = { ...level, code: null, first_units: null };
  expect(itemLevelFromRow(fromPostgres)).toEqual({ ...level, firstUnits: null });
  const withZeros = itemLevelFromRow({ ...row, code: '007' });
  expect(withZeros).toEqual({ ...level, code: '007', firstUnits: 4 });
});

test.each([
  ['available', -1n],
  ['available', 9_007_199_254_740_992n],
  ['units', -1n],
  ['held', -1n],
  ['returned', -1n],
  ['upc', 0n],
])('"%s" that is %s is a fault of that item', (column, value) => {
  expect(itemLevelFromRow({ ...row, [column]: value })).toMatchObject({
    ...{ units: 0, available: 0, held: 0, returned: 0 },
    fault: expect.stringContaining(`its "${column}" is ${value} in the table "stock"`),
  });
});
