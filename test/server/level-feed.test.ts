import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LoginEnds } from '../../src/inventory/login-ends.ts';
import type { Outcome, Stock } from '../../src/inventory/model.ts';
import { type StoreLook, type StoreObserver, StoreUnavailable } from '../../src/inventory/store.ts';
import { LevelFeed, type LevelFeedHost } from '../../src/server/level-feed.ts';
import { LevelLog } from '../../src/server/level-log.ts';
import { sold } from '../support/changes.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const NOTHING: StoreLook = { levels: new Map(), othersWrote: false, dueAt: null };

/** A feed over a store of these items. Its looks are what `look` says, and a turn comes when it is taken. */
function feedOf(items: readonly Stock[], look: () => Promise<StoreLook> = async () => NOTHING) {
  const log = new LevelLog();
  const turns: (() => void)[] = [];
  const looks: number[] = [];
  let readings = 0;
  let observer = {} as StoreObserver;
  const host = {
    store: {
      observe: (given: StoreObserver) => {
        observer = given;
      },
      look: () => {
        looks.push(performance.now());
        return look();
      },
      loginEnds: async () => new LoginEnds(),
      loginsGone: async () => [],
    },
    commit: {
      between: async (step: () => unknown) => await step(),
      addHeavy: ({ answer }: { answer: (outcome: Outcome) => void }) => {
        readings++;
        answer({ kind: 'inventory', items: [...items] });
      },
    },
    turns: { add: (work: () => void) => turns.push(work) },
    fail: (error: Error) => {
      throw error;
    },
  } as unknown as LevelFeedHost;
  const feed = new LevelFeed(host, log, {
    changed: () => undefined,
    tokenHashes: () => [],
    loginsEnded: () => undefined,
    loginEndsRead: () => undefined,
  });
  return {
    feed,
    looks,
    readings: () => readings,
    changedOutside: () => observer.changedOutside(),
    committed: (...levels: Parameters<typeof sold>) => observer.committed(sold(...levels)),
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    /** The next turn comes. */
    turn: async () => {
      turns.shift()?.();
      await vi.advanceTimersByTimeAsync(0);
    },
    level: (upc: number) => [...log.levels()].find((one) => one.upc === upc)?.available,
  };
}

const items = (count: number): Stock[] =>
  Array.from({ length: count }, (_, index) => ({ upc: index + 1, name: 'x', available: 10 }));

test('a level that is committed while all are read is newer than what was read', async () => {
  const { feed, pass, turn, committed, level } = feedOf(items(1_001));
  feed.start();
  await pass(0);
  // The first thousand are taken, and the last one is not.
  expect([level(1), level(1_001)]).toEqual([10, undefined]);
  committed([1, 9], [1_001, 8]);
  await turn();
  await turn();
  expect(feed.isLoaded).toBe(true);
  expect([level(1), level(1_001)]).toEqual([9, 8]);
  feed.stop();
});

test('a level that was committed before is read anew when others may have written', async () => {
  const all = items(1);
  const { feed, pass, turn, committed, changedOutside, level } = feedOf(all);
  feed.start();
  await pass(0);
  committed([1, 9]);
  await turn();
  all[0] = { upc: 1, name: 'x', available: 7 };
  changedOutside();
  await pass(0);
  await turn();
  expect(level(1)).toBe(7);
  feed.stop();
});

test('all levels are read anew after the store was away', async () => {
  let isAway = false;
  const all = items(1);
  const { feed, looks, readings, pass, turn, level } = feedOf(all, async () => {
    if (isAway) throw new StoreUnavailable('the database is away');
    return NOTHING;
  });
  feed.start();
  await pass(0);
  await turn();
  expect(readings()).toBe(1);
  isAway = true;
  await pass(800);
  // While it is away, it is asked no more often than else.
  expect(looks).toHaveLength(3);
  expect(readings()).toBe(1);
  isAway = false;
  all[0] = { upc: 1, name: 'x', available: 4 };
  await pass(400);
  await turn();
  expect(readings()).toBe(2);
  expect(level(1)).toBe(4);
  await pass(400);
  expect(readings()).toBe(2);
  feed.stop();
});

test.each([
  ['every 400 ms where a look takes no time', 0, 400],
  ['after 20 times as long as the look took', 30, 600],
  ['after no more than 800 ms', 100, 800],
])('others are looked for %s', async (_, lookMs, rest) => {
  const { feed, looks, pass, turn } = feedOf(items(1), async () => {
    if (lookMs > 0) await new Promise((resolve) => setTimeout(resolve, lookMs));
    return NOTHING;
  });
  feed.start();
  await pass(lookMs);
  await turn();
  await pass(2 * (lookMs + rest));
  const [first = 0, ...later] = looks;
  expect(later.map((at) => at - first)).toEqual([lookMs + rest, 2 * (lookMs + rest)]);
  feed.stop();
  await pass(10_000);
  expect(looks).toHaveLength(3);
});

test('a hold that ends before the next look is looked for at its end', async () => {
  const { feed, looks, pass, turn } = feedOf(items(1), async () => ({
    ...NOTHING,
    dueAt: looks.length === 1 ? Date.now() + 150 : null,
  }));
  feed.start();
  await pass(0);
  await turn();
  await pass(550);
  const [first = 0, ...later] = looks;
  expect(later.map((at) => at - first)).toEqual([150, 550]);
  feed.stop();
});
