/** Very many subscriptions: what is done for them is done in pieces, between which everybody else has a turn. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LoginEnds } from '../../src/inventory/login-ends.ts';
import type { Outcome } from '../../src/inventory/model.ts';
import type { StoreObserver } from '../../src/inventory/store.ts';
import type { LevelFeedHost } from '../../src/server/level-feed.ts';
import { type Reader, Subscriber } from '../../src/server/subscriber.ts';
import { Subscriptions } from '../../src/server/subscriptions.ts';
import { sold } from '../support/changes.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const UPCS = Array.from({ length: 100 }, (_, index) => index + 1);

/** Subscriptions over a store of these items, 10 units of each; pieces of work are done when they are asked for. */
function subscriptionsOf() {
  const pieces: (() => void)[] = [];
  let observer = {} as StoreObserver;
  const host = {
    store: {
      observe: (given: StoreObserver) => {
        observer = given;
      },
      look: async () => ({ levels: new Map(), othersWrote: false, dueAt: null }),
      loginEnds: async () => new LoginEnds(),
      loginsGone: async () => [],
    },
    commit: {
      batches: 0,
      between: async (step: () => unknown) => await step(),
      addHeavy: ({ answer }: { answer: (outcome: Outcome) => void }) =>
        answer({
          kind: 'inventory',
          items: UPCS.map((upc) => ({ upc, name: 'x', available: 10 })),
        }),
    },
    turns: { add: (piece: () => void) => pieces.push(piece) },
    fail: (error: Error) => {
      throw error;
    },
  } as unknown as LevelFeedHost;
  const subscriptions = new Subscriptions(host);
  return {
    subscriptions,
    committed: (...levels: Parameters<typeof sold>) => observer.committed(sold(...levels)),
    /** Does what there is to do, and calls `look` behind each piece and each timer. */
    rest: async (look: () => void = () => undefined) => {
      for (let quiet = 0; quiet < 3; ) {
        const piece = pieces.shift();
        piece?.();
        look();
        quiet = piece === undefined ? quiet + 1 : 0;
        await vi.advanceTimersByTimeAsync(piece === undefined ? 400 : 0);
        look();
      }
    },
    /** A client that reads all, of the items `upcs` under `names` names each. */
    subscriber: (upcs: readonly number[], names = 1) => {
      const told: string[] = [];
      const reader = {
        version: 3,
        session: null,
        user: { isInForce: true },
        mayPush: true,
        push: (messages: readonly Buffer[]) => told.push(...messages.map(String)),
        end: () => undefined,
      } as unknown as Reader;
      const subscriber = subscriptions.subscriber(reader);
      for (let zeros = 0; zeros < names; zeros++) {
        for (const upc of upcs) subscriber.add(`stock:${'0'.repeat(zeros)}${upc}`, upc);
      }
      return { subscriber, told };
    },
  };
}

/** The most that `figure` grew, or fell, from one call of `look` to the next. */
function steps(figure: () => number) {
  let before = figure();
  let most = 0;
  const look = (): void => {
    const now = figure();
    most = Math.max(most, Math.abs(now - before));
    before = now;
  };
  return { look, most: () => most };
}

test('a change is noted for some of its subscribers at a time, and all are told it', async () => {
  const { subscriber, committed, rest } = subscriptionsOf();
  const all = Array.from({ length: 200 }, () => subscriber(UPCS.slice(0, 50)));
  await rest();
  expect(all.every(({ told }) => told.length === 50)).toBe(true);
  using noted = vi.spyOn(Subscriber.prototype, 'note');
  committed(...UPCS.map((upc): [number, number] => [upc, 9]));
  const step = steps(() => noted.mock.calls.length);
  await rest(step.look);
  expect(noted).toHaveBeenCalledTimes(200 * 50);
  expect(step.most()).toBeLessThan(1_000);
  for (const { told } of all) {
    expect(told).toHaveLength(100);
    expect(told.slice(50).every((message) => message.includes('"available":9'))).toBe(true);
  }
});

test('what changes while changes are noted is told, too, and nothing twice', async () => {
  const { subscriber, committed, rest } = subscriptionsOf();
  const all = Array.from({ length: 100 }, () => subscriber(UPCS));
  await rest();
  committed(...UPCS.map((upc): [number, number] => [upc, 9]));
  let left = 8;
  await rest(() => {
    if (left > 0) committed([1, left--]);
  });
  for (const { told } of all) {
    const levels = told.slice(100).map((message) => message.slice(message.indexOf('[')));
    expect(levels.findLast((level) => level.includes('"upc":1,'))).toContain('"available":1}');
    expect(levels.filter((level) => level.includes('"upc":2,'))).toHaveLength(1);
  }
});

test('messages are counted: who has many channels is told alone', async () => {
  const { subscriber, rest } = subscriptionsOf();
  const all = Array.from({ length: 20 }, () => subscriber(UPCS));
  const step = steps(() => all.reduce((sum, { told }) => sum + told.length, 0));
  await rest(step.look);
  expect(step.most()).toBe(UPCS.length);
});

test('connections that end are taken apart in pieces; they are told nothing more, and others as before', async () => {
  const { subscriptions, subscriber, committed, rest } = subscriptionsOf();
  const gone = Array.from({ length: 20 }, () => subscriber(UPCS, 10));
  await rest();
  expect(subscriptions.channels).toBe(1_000);
  const before = gone.map(({ told }) => told.length);
  for (const { subscriber: one } of gone) one.close();
  expect(subscriptions.subscribers).toBe(0);
  expect(subscriptions.channels).toBe(1_000);
  const stays = subscriber([1, 2]);
  committed([1, 7]);
  const step = steps(() => subscriptions.channels);
  await rest(step.look);
  expect(step.most()).toBeLessThan(200);
  expect(subscriptions).toMatchObject({ subscribers: 1, channels: 2 });
  expect(gone.map(({ told }) => told.length)).toEqual(before);
  committed([2, 3]);
  await rest();
  expect(stays.told.at(-1)).toContain('{"upc":2,"available":3}');
});
