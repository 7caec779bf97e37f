import { expect, test } from 'vitest';
import { drawFrame } from '../../../src/cli/terminal/frame.ts';

test('a frame fits columns of any width', async () => {
  const frame = await drawFrame([5, 1, 0]);
  expect([frame.top, frame.row(['hello', 'x', '']), frame.middle, frame.bottom]).toEqual([
    '┌───────┬───┬──┐',
    '│ hello │ x │  │',
    '├───────┼───┼──┤',
    '└───────┴───┴──┘',
  ]);
});

test('a frame of one column has no inner bar', async () => {
  const frame = await drawFrame([3]);
  expect(frame.row(['abc'])).toBe('│ abc │');
});
