import { expect, test } from 'vitest';
import { ItemLists, PAGE_SIZE } from '../../src/http/item-lists.ts';
import { LevelBoard } from '../../src/http/level-board.ts';
import type { LevelReader } from '../../src/http/level-reader.ts';
import type { Changes, Stock } from '../../src/inventory/model.ts';

const item = (upc: number, available = 10): Stock => ({ upc, name: `Thing ${upc}`, available });

function boardOf(items: Stock[]) {
  let readings = 0;
  const reader = {
    all: async () => {
      readings++;
      return [...items];
    },
  } as unknown as LevelReader;
  const board = new LevelBoard(reader, (upc) => (upc === 1 ? 40 : undefined));
  return { board, lists: new ItemLists(board), readings: () => readings };
}

function sold(...levels: [upc: number, left: number][]): Changes {
  return {
    isEmpty: false,
    available: new Map(levels),
    orders: [],
    ...{
      changedOrders: new Map(),
      endedHolds: [],
      held: new Map(),
      customers: new Map(),
      returned: new Map(),
    },
    logins: new Map(),
  };
}

test('all by UPC, those that sell most first, those that are sold out, and what a search finds', async () => {
  const { board, lists } = boardOf([item(1), item(2, 0), item(3), { ...item(4), code: '0004' }]);
  await board.look();
  board.committed(sold([3, 5], [1, 9]));
  expect(await lists.page('moving', '', 0)).toEqual({ upcs: [3, 1, 2, 4], total: 4 });
  expect(await lists.page('all', '', 0)).toEqual({ upcs: [1, 2, 3, 4], total: 4 });
  expect(await lists.page('out', '', 0)).toEqual({ upcs: [2], total: 1 });
  expect(await lists.page('out', 'THING 3', 0)).toEqual({ upcs: [3], total: 1 });
  expect(await lists.page('all', '000', 0)).toEqual({ upcs: [4], total: 1 });
  expect(board.soldOut).toBe(1);
  board.committed(sold([3, 0]));
  expect(board.soldOut).toBe(2);
  board.committed(sold([2, 4]));
  expect(board.soldOut).toBe(1);
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
  expect(await lists.page('all', '', 1_666)).toMatchObject({
    upcs: Array.from({ length: 40 }, (_, index) => 99_961 + index),
    total: 100_000,
  });
  expect(await lists.page('moving', '', 0)).toMatchObject({ total: PAGE_SIZE });
  expect((await lists.page('all', '9999', 0)).upcs[0]).toBe(9_999);
  expect((await lists.page('all', 'thing', 49)).total).toBe(100_000);
  isDone = true;
  // Usually five; in one go it would be a hundred.
  expect(longest).toBeLessThan(40);
});

test('levels are read when somebody looks, again when others have written, and let go when nobody looks', async () => {
  const { board, readings } = boardOf([item(1)]);
  expect(readings()).toBe(0);
  await Promise.all([board.look(), board.look()]);
  await board.look();
  expect(readings()).toBe(1);
  board.changedOutside();
  await board.look();
  expect(readings()).toBe(2);
  board.letGo();
  expect(board.level(1)).toBeDefined();
});
