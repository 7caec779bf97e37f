import { expect, test } from 'vitest';
import { fitted } from '../../../src/shop/terminal/width.ts';

test.each([
  ['short', 10, 'short'],
  ['exactly10!', 10, 'exactly10!'],
  ['eleven char', 10, 'eleven ch…'],
  ['音楽会', 6, '音楽会'],
  ['音楽会', 5, '音楽…'],
  ['a音楽会', 6, 'a音楽…'],
  ['🎟🎟🎟', 4, '🎟…'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
])('%s in %i cells', (text, cells, shown) => {
  expect(fitted(text, cells)).toBe(shown);
});

test('there is room without end', () => {
  expect(fitted('x'.repeat(500), Number.POSITIVE_INFINITY)).toHaveLength(500);
});
