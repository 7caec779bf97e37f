import { expect, test } from 'vitest';
import { writeLines } from '../../src/stores/order-row.ts';

test('what came back in the batch that bought it is written with the order', () => {
  const lines = [
    { upc: 7, qty: 2, available: 38, returned: 1 },
    { upc: 8, qty: 1, available: null },
  ];
  expect(writeLines({ lines })).toBe('[[7,2,38,1],[8,1,null]]');
});
