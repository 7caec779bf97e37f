import { availableParallelism } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import type { Outcome, Request } from '../../src/inventory/model.ts';
import { type Store, type StoreMeasures, StoreUnavailable } from '../../src/inventory/store.ts';
import { GroupCommit, MAX_BATCH } from '../../src/server/group-commit.ts';
import type { Source } from '../../src/server/queue-entry.ts';

/** A store whose batches are settled when the test says so. It echoes each request's user. */
class SlowStore implements Store {
  readonly identity = { shop: 'a shop', since: 0 };
  readonly isNew = false;
  readonly restored = { items: 0, logins: 0 };
  readonly latestOrder = 0;
  readonly away = null;
  readonly batches: string[][] = [];
  #finish: ((result: readonly (Outcome | StoreUnavailable)[] | Error) => void) | null = null;
  #called: () => void = () => undefined;

  sync: () => void = () => undefined;
  afterReplies: () => void = () => undefined;

  now(): number {
    return 0;
  }

  measure(): StoreMeasures {
    return { bytes: 0, unitsHeld: 0 };
  }

  look(): never {
    throw new Error('nobody is subscribed');
  }

  loginsGone(): never {
    throw new Error('nobody is subscribed');
  }

  loginEnds(): never {
    throw new Error('nobody is subscribed');
  }

  settle(requests: readonly Request[]): Promise<readonly (Outcome | StoreUnavailable)[]> {
    if (this.#finish !== null)
      throw new Error('a second batch was begun before the first was done');
    const users = requests.map(
      (request) => (request.kind === 'whoami' && request.session?.user) || '',
    );
    this.batches.push(users);
    this.#called();
    return new Promise((resolve, reject) => {
      this.#finish = (result) => {
        this.#finish = null;
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
    });
  }

  /** Resolves when the next batch has arrived. */
  async called(): Promise<void> {
    if (this.#finish !== null) return;
    await new Promise<void>((resolve) => {
      this.#called = resolve;
    });
  }

  /** `without`: the user whose requests alone have no effect. */
  finish(error?: Error, without?: string): void {
    const users = this.batches.at(-1) ?? [];
    const outcomes = users.map((user) =>
      user === without
        ? new StoreUnavailable('locked')
        : { kind: 'session' as const, session: { user, since: 0, tokenHash: null } },
    );
    this.#finish?.(error ?? outcomes);
  }

  settleMeanwhile(): null {
    return null;
  }

  async changeCatalog(): Promise<never> {
    throw new Error('no test asks for it');
  }

  observe(): void {}

  close(): void {}
}

class Fixture {
  readonly store = new SlowStore();
  /** What was answered, who wrote, and who went on, in order. */
  readonly answered: string[] = [];
  readonly failures: Error[] = [];
  readonly commit = new GroupCommit(this.store, (error) => this.failures.push(error));

  add(name: string): void {
    this.commit.add({
      asker: {},
      request: { kind: 'whoami', session: { user: name, since: 0, tokenHash: null } },
      answer: (outcome) => {
        const right = 'kind' in outcome && outcome.kind === 'session';
        this.answered.push(
          right ? outcome.session.user : `${outcome.constructor.name} for ${name}`,
        );
      },
      fail: (failure) => this.answered.push(`${failure.constructor.name} for ${name}`),
    });
  }

  source(name: string): Source {
    return {
      writeReplies: () => this.answered.push(`${name} writes`),
      advance: () => this.answered.push(`${name} goes on`),
      destroy: () => this.answered.push(`${name} is cut off`),
    };
  }
}

test('what arrives while a batch commits is the next batch, and one at a time is in flight', async () => {
  const { store, answered, commit, add } = bound(new Fixture());
  add('a');
  add('b');
  await store.called();
  add('c');
  add('d');
  expect(store.batches).toEqual([['a', 'b']]);
  expect(answered).toEqual([]);
  store.finish();
  await store.called();
  expect(answered).toEqual(['a', 'b']);
  store.finish();
  await commit.drained();
  expect(store.batches).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(answered).toEqual(['a', 'b', 'c', 'd']);
});

test('after a batch its sources write and go on, behind those that waited for room', async () => {
  const fixture = new Fixture();
  const { store, answered, commit, add } = bound(fixture);
  const [early, late, one, other, gone] = ['early', 'late', 'one', 'other', 'gone'].map((name) =>
    fixture.source(name),
  ) as [Source, Source, Source, Source, Source];
  add('a');
  await store.called();
  commit.flushAfterBatch(one);
  commit.flushAfterBatch(other);
  for (const waiting of [early, gone, late, early]) commit.waitForRoom(waiting);
  commit.forget(gone, null);
  store.finish();
  await commit.drained();
  const first = ['a', 'one writes', 'other writes', 'early goes on', 'late goes on'];
  expect(answered).toEqual([...first, 'one goes on', 'other goes on']);
  // Once for each time that it was asked for.
  answered.length = 0;
  add('b');
  await store.called();
  store.finish();
  await commit.drained();
  expect(answered).toEqual(['b']);
});

test('a batch that could not be committed is told so to all of it, and the next one goes on', async () => {
  const { store, answered, commit, failures, add } = bound(new Fixture());
  add('a');
  add('b');
  await store.called();
  add('c');
  store.finish(new StoreUnavailable('full'));
  await store.called();
  store.finish();
  await commit.drained();
  expect(answered).toEqual(['StoreUnavailable for a', 'StoreUnavailable for b', 'c']);
  expect(failures).toEqual([]);
});

test('a request that alone could not be settled is told so; the others of its batch are answered', async () => {
  const { store, answered, commit, failures, add } = bound(new Fixture());
  add('a');
  add('b');
  add('c');
  await store.called();
  store.finish(undefined, 'b');
  await commit.drained();
  expect(answered).toEqual(['a', 'StoreUnavailable for b', 'c']);
  expect(failures).toEqual([]);
});

test('replies are made while the disk writes, and leave when it has', async () => {
  const fixture = new Fixture();
  const { store, answered, commit, add } = bound(fixture);
  store.sync = () => answered.push('on disk');
  add('a');
  await store.called();
  commit.flushAfterBatch(fixture.source('a'));
  store.finish();
  await commit.drained();
  expect(answered).toEqual(['a', 'on disk', 'a writes', 'a goes on']);
});

test('when the disk fails nobody is told anything, and nothing is settled any more', async () => {
  const fixture = new Fixture();
  const { store, answered, failures, commit, add } = bound(fixture);
  const failure = new Error('EIO');
  store.sync = () => {
    throw failure;
  };
  store.afterReplies = () => answered.push('rest of the batch');
  add('a');
  await store.called();
  commit.flushAfterBatch(fixture.source('a'));
  store.finish();
  await vi.waitFor(() => expect(failures).toEqual([failure]));
  expect(answered).toEqual(['a', 'a is cut off']);
});

test('the store does the rest of its work after the replies, before the next batch', async () => {
  const fixture = new Fixture();
  const { store, answered, commit, add } = bound(fixture);
  store.afterReplies = () => answered.push(`rest of batch ${store.batches.length}`);
  add('a');
  await store.called();
  add('b');
  commit.flushAfterBatch(fixture.source('a'));
  store.finish();
  await store.called();
  store.finish();
  await commit.drained();
  const first = ['a', 'a writes', 'a goes on', 'rest of batch 1'];
  expect(answered).toEqual([...first, 'b', 'rest of batch 2']);
});

describe('when the store cannot vouch for its state', () => {
  test('after the replies, nothing is settled any more', async () => {
    const fixture = new Fixture();
    const { store, answered, add } = bound(fixture);
    const error = new Error('disk on fire');
    store.afterReplies = () => {
      throw error;
    };
    add('a');
    await store.called();
    add('b');
    store.finish();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    add('c');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(fixture.failures).toEqual([error]);
    expect(answered).toEqual(['a']);
    expect(store.batches).toEqual([['a']]);
  });

  test('nothing of the batch is answered, and nothing is settled any more', async () => {
    const fixture = new Fixture();
    const { store, answered, commit, add } = bound(fixture);
    add('a');
    await store.called();
    add('b');
    const error = new Error('disk on fire');
    store.finish(error);
    add('c');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(fixture.failures).toEqual([error]);
    expect(answered).toEqual([]);
    expect(store.batches).toEqual([['a']]);
    expect(commit.batches).toBe(0);
  });
});

test('it is full with as many requests as a batch takes', async () => {
  const { store, commit, add } = bound(new Fixture());
  for (let index = 1; index < MAX_BATCH; index++) add('a');
  expect(commit.full).toBe(false);
  add('a');
  expect(commit.full).toBe(true);
  await store.called();
  expect(commit.full).toBe(false);
  expect(store.batches[0]).toHaveLength(MAX_BATCH);
  store.finish();
  await commit.drained();
  expect(commit.batches).toBe(1);
});

/** The fixture with its methods tied to it, to be taken apart. */
function bound(fixture: Fixture) {
  const { store, answered, failures, commit } = fixture;
  return {
    store,
    answered,
    failures,
    commit,
    add: (name: string) => fixture.add(name),
  };
}

test.runIf(availableParallelism() > 1)(
  'after quick requests it looks for the next one, and then goes to sleep',
  async () => {
    const { store, commit, add } = bound(new Fixture());
    vi.useFakeTimers({ toFake: ['setImmediate', 'performance'] });
    try {
      vi.advanceTimersByTime(1);
      add('after a pause');
      await vi.advanceTimersByTimeAsync(0);
      store.finish();
      await commit.drained();
      expect(vi.getTimerCount()).toBe(0);
      add('at once');
      await vi.advanceTimersByTimeAsync(0);
      store.finish();
      await commit.drained();
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  },
);

describe('a step between two batches', () => {
  test('runs when the batch before it is answered, and the next batch when it is done', async () => {
    const { store, answered, commit, add } = bound(new Fixture());
    add('a');
    await store.called();
    let finish: (result: string) => void = () => undefined;
    const steps = [
      commit.between(() => {
        answered.push('first step');
        return new Promise<string>((resolve) => {
          finish = resolve;
        });
      }),
      commit.between(() => answered.push('second step')),
    ];
    add('b');
    expect(answered).toEqual([]);
    store.finish();
    await vi.waitFor(() => expect(answered).toEqual(['a', 'first step']));
    expect(store.batches).toEqual([['a']]);
    finish('done');
    expect(await steps[0]).toBe('done');
    await store.called();
    // One step at a time: buyers come first again.
    expect(answered).toEqual(['a', 'first step']);
    store.finish();
    await steps[1];
    await commit.drained();
    expect(answered).toEqual(['a', 'first step', 'b', 'second step']);
  });

  test('runs alone when nobody asks, and is waited for at the end', async () => {
    const { store, answered, commit } = bound(new Fixture());
    const step = commit.between(() => answered.push('step'));
    await commit.drained();
    await step;
    expect(answered).toEqual(['step']);
    expect(store.batches).toEqual([]);
  });

  test('that fails tells so, and the sale goes on', async () => {
    const { store, answered, commit, add, failures } = bound(new Fixture());
    const step = commit.between(() => {
      throw new Error('no room');
    });
    add('a');
    await expect(step).rejects.toThrow('no room');
    await store.called();
    store.finish();
    await commit.drained();
    expect({ answered, failures }).toEqual({ answered: ['a'], failures: [] });
  });
});
