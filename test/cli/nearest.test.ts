import { expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/cli/nearest.ts';

test.for([
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['serve', 'serve', 0],
  ['srve', 'serve', 1],
  ['serves', 'serve', 1],
  ['sirve', 'serve', 1],
  ['sevre', 'serve', 1],
  ['kitten', 'sitting', 3],
] as const)('%s to %s: %d', ([a, b, distance]) => {
  expect(editDistance(a, b)).toBe(distance);
});

test('the nearest of several wins', () => {
  expect(nearest('logan', ['login', 'logout'])).toBe('login');
});

test('a beginning is near', () => {
  expect(nearest('comp', ['serve', 'completion'])).toBe('completion');
});

test('what is nothing alike is not suggested', () => {
  expect(nearest('buy', ['serve', 'completion', 'shop'])).toBeUndefined();
});
