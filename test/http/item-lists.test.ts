import { expect, test, vi } from 'vitest';
import { PAGE_SIZE } from '../../src/http/item-lists.ts';
import { sold } from '../support/changes.ts';
import { boardOf, item } from './support/board.ts';

/** Of a client that stays. */
const THERE = new AbortController().signal;

test('all by UPC, those that sell most first, those that are sold out, and what a search finds', async () => {
  const { board, lists } = boardOf([item(1), item(2, 0), item(3), { ...item(4), code: '0004' }]);
  await board.look();
  board.committed(sold([3, 5], [1, 9]));
  expect(await lists.page('moving', '', 0, THERE)).toEqual({ upcs: [3, 1, 2, 4], total: 4 });
  expect(await lists.page('all', '', 0, THERE)).toEqual({ upcs: [1, 2, 3, 4], total: 4 });
  expect(await lists.page('out', '', 0, THERE)).toEqual({ upcs: [2], total: 1 });
  expect(await lists.page('out', 'THING 3', 0, THERE)).toEqual({ upcs: [3], total: 1 });
  expect(await lists.page('all', '000', 0, THERE)).toEqual({ upcs: [4], total: 1 });
  expect(board.soldOut).toBe(1);
  board.committed(sold([3, 0]));
  expect(board.soldOut).toBe(2);
  board.committed(sold([2, 4]));
  expect(board.soldOut).toBe(1);
});

test('100,000 items: pages, a search, and no turn of the event loop that takes long', async () => {
  const many = Array.from({ length: 100_000 }, (_, index) => item(index + 1));
  const { board, lists } = boardOf(many);
  // Of the processor: what else the machine does is not counted.
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let longest = 0;
  let last = used();
  let isDone = false;
  const watch = (): void => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isDone) setImmediate(watch);
  };
  watch();
  await board.look();
  expect(await lists.page('all', '', 1_666, THERE)).toMatchObject({
    upcs: Array.from({ length: 40 }, (_, index) => 99_961 + index),
    total: 100_000,
  });
  expect(await lists.page('moving', '', 0, THERE)).toMatchObject({ total: PAGE_SIZE });
  expect((await lists.page('all', '9999', 0, THERE)).upcs[0]).toBe(9_999);
  expect((await lists.page('all', 'thing', 49, THERE)).total).toBe(100_000);
  isDone = true;
  // Usually five; in one go it would be a hundred.
  expect(longest).toBeLessThan(40);
});

test('searches of clients that are gone are dropped, also the one that is under way, and the others go on', async () => {
  const many = Array.from({ length: 100_000 }, (_, index) => item(index + 1));
  const { board, lists } = boardOf(many);
  await board.look();
  const looked = vi.spyOn(board, 'level');
  const first = new AbortController();
  const second = new AbortController();
  const searches = [
    lists.page('all', 'one', 0, first.signal),
    lists.page('all', 'two', 0, second.signal),
    lists.page('all', 'three', 0, second.signal),
    lists.page('all', 'thing 77777', 0, THERE),
    lists.page('all', 'thing 77777', 0, THERE),
  ];
  // Each is looked at below, some after they have ended.
  const ended = Promise.allSettled(searches);
  await expect.poll(() => looked.mock.calls.length, { interval: 1 }).toBeGreaterThan(0);
  second.abort();
  // Told before the search that is under way has ended.
  await expect(searches[2]).rejects.toBe(second.signal.reason);
  first.abort();
  await expect(searches[0]).rejects.toBe(first.signal.reason);
  await expect(searches[1]).rejects.toBe(second.signal.reason);
  expect(await searches[3]).toEqual({ upcs: [77_777], total: 1 });
  expect(await searches[4]).toEqual({ upcs: [77_777], total: 1 });
  await ended;
  // One of them whole, for both that ask for the same, and a part of the first one.
  expect(looked.mock.calls.length).toBeLessThan(200_000);
  await expect(lists.page('out', '', 0, first.signal)).rejects.toBe(first.signal.reason);
  expect(await lists.page('out', '', 0, THERE)).toEqual({ upcs: [], total: 0 });
});
