import { expect, test } from 'vitest';
import { asOptions, example, orList } from '../../src/cli/command-line.ts';

test('a list of choices', () => {
  expect(orList(['bash'])).toBe('bash');
  expect(orList(['bash', 'zsh'])).toBe('bash or zsh');
  expect(orList(['bash', 'zsh', 'fish'])).toBe('bash, zsh or fish');
});

test('numbers with the required options in front of them', () => {
  const flags = { upc: { required: true }, note: {}, qty: { required: true } };
  expect(asOptions(['7', '2'], flags)).toBe('--upc 7 --qty 2');
  expect(asOptions(['7', '2', '8', '1'], flags)).toBe('--upc 7 --qty 2 --upc 8 --qty 1');
  expect(asOptions(['7'], flags)).toBeNull();
  expect(asOptions([], flags)).toBeNull();
  expect(asOptions(['pin', '2'], flags)).toBeNull();
  expect(asOptions(['7', '2'], { note: {} })).toBeNull();
  expect(asOptions(['7', '2'], flags, { upc: ['7'] })).toBeNull();
});

test('a command without examples has none to show', () => {
  expect(example(undefined)).toBeNull();
});
