import { expect, test } from 'vitest';
import { restocksWhere, salesWhere } from '../../src/stores/where.ts';

test('a filter of nothing asks for what was bought, or for all', () => {
  const sold = "(state IS NULL OR state IN ('bought', 'returned'))";
  expect(salesWhere({})).toMatchObject({ text: `WHERE refusal IS NULL AND ${sold}`, values: [] });
  expect(salesWhere({ refused: true })).toMatchObject({ text: `WHERE ${sold}`, values: [] });
  expect(salesWhere({ refused: true, holds: true })).toMatchObject({ text: '', values: [] });
  expect(restocksWhere({})).toMatchObject({ text: '', values: [] });
});

test('parameters are numbered in their order', () => {
  const where = salesWhere({ since: 1, until: 2, user: 'a', refused: true, holds: true });
  expect(where.numbered).toBe(
    'WHERE "user" = $1 AND coalesce(orders.ended, orders.at) >= $2 AND coalesce(orders.ended, orders.at) < $3',
  );
  expect(where.values).toEqual(['a', 1, 2]);
  const more = where.and('id > ?', 'x');
  expect(more.numbered).toMatch(/ AND id > \$4$/);
  expect(more.values).toEqual(['a', 1, 2, 'x']);
});
