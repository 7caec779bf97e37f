import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Stock } from '../../src/inventory/model.ts';
import { sold } from '../support/changes.ts';
import { boardOf, item } from './support/board.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a bar is full with what the catalogue says, or with more when there was more', async () => {
  const { board } = boardOf([item(1), item(2)]);
  await board.look();
  expect(board.level(1)).toMatchObject({ available: 10, most: 40 });
  expect(board.level(2)).toMatchObject({ available: 10, most: 10 });
  board.committed(sold([2, 25]));
  board.committed(sold([2, 3]));
  expect(board.level(2)).toMatchObject({ available: 3, most: 25 });
});

test('levels are read when somebody looks, and again when others have written', async () => {
  const { board, readings } = boardOf([item(1)]);
  expect(readings()).toBe(0);
  await Promise.all([board.look(), board.look()]);
  await board.look();
  expect(readings()).toBe(1);
  board.changedOutside();
  await board.look();
  expect(readings()).toBe(2);
});

test('levels are read again after five seconds, and what other servers sold moves', async () => {
  const items: Stock[] = [item(1), item(2)];
  const { board, readings } = boardOf(items);
  await board.look();
  vi.advanceTimersByTime(5_000);
  await board.look();
  expect(readings()).toBe(1);
  items[1] = item(2, 7);
  vi.advanceTimersByTime(1);
  await board.look();
  expect(readings()).toBe(2);
  while (board.level(2)?.available !== 7) await new Promise(setImmediate);
  expect(board.level(2)).toMatchObject({ most: 10 });
  expect(board.moving()).toEqual([2]);
});

test('levels are let go when nobody has looked for a minute, and read when somebody looks then', async () => {
  const { board, readings } = boardOf([item(1), item(2, 0)]);
  await board.look();
  board.committed(sold([1, 9]));
  vi.advanceTimersByTime(59_999);
  board.letGo();
  expect(board.level(1)).toBeDefined();
  vi.advanceTimersByTime(1);
  board.letGo();
  expect(board.level(1)).toBeUndefined();
  expect(board).toMatchObject({ upcs: [], soldOut: 0 });
  expect(board.moving()).toEqual([]);
  await board.look();
  expect(readings()).toBe(2);
  expect(board.level(1)).toBeDefined();
});

test('what is committed while the levels are read is newer than what was read', async () => {
  const isReading = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const { board } = boardOf([item(1), item(2, 1)], () => {
    isReading.resolve();
    return mayGoOn.promise;
  });
  const looked = board.look();
  await isReading.promise;
  board.committed(sold([1, 9], [2, 0]));
  mayGoOn.resolve();
  await looked;
  expect(board.level(1)).toMatchObject({ available: 9 });
  expect(board.level(2)).toMatchObject({ available: 0 });
  expect(board.soldOut).toBe(1);
});

test('of the items that move, the 2,000 that moved last are remembered', async () => {
  const many = Array.from({ length: 2_001 }, (_, index) => item(index + 1));
  const { board } = boardOf(many);
  await board.look();
  for (const { upc } of many) board.committed(sold([upc, 9]));
  expect(board.moving()).toHaveLength(2_000);
  expect(board.moving()).not.toContain(1);
  // One that moves again is not the one that stood still longest.
  board.committed(sold([2, 8]));
  board.committed(sold([1, 8]));
  expect(board.moving()).toContain(2);
  expect(board.moving()).not.toContain(3);
});
