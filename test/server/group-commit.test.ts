import { availableParallelism } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import type { Outcome, Request } from '../../src/inventory/model.ts';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { GroupCommit, MAX_BATCH } from '../../src/server/group-commit.ts';

/** A store whose batches are settled when the test says so. It echoes each request's user. */
class SlowStore implements Store {
  readonly identity = { shop: 'a shop', since: 0 };
  readonly isNew = false;
  readonly restored = { items: 0, logins: 0 };
  readonly batches: string[][] = [];
  #finish: ((result: readonly Outcome[] | Error) => void) | null = null;
  #called: () => void = () => undefined;

  afterReplies: () => void = () => undefined;

  settle(requests: readonly Request[]): Promise<readonly Outcome[]> {
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

  finish(error?: Error): void {
    const users = this.batches.at(-1) ?? [];
    const outcomes = users.map((user) => ({
      kind: 'session' as const,
      session: { user, since: 0, tokenHash: null },
    }));
    this.#finish?.(error ?? outcomes);
  }

  observe(): void {}

  close(): void {}
}

class Fixture {
  readonly store = new SlowStore();
  /** What was answered, and `batch` at the end of each batch, in order. */
  readonly answered: string[] = [];
  readonly failures: Error[] = [];
  readonly commit = new GroupCommit(
    this.store,
    () => this.answered.push('batch'),
    (error) => this.failures.push(error),
  );

  add(name: string): void {
    this.commit.add({
      request: { kind: 'whoami', session: { user: name, since: 0, tokenHash: null } },
      answer: (outcome) => {
        const right = outcome !== null && 'kind' in outcome && outcome.kind === 'session';
        this.answered.push(
          right ? outcome.session.user : `${outcome?.constructor.name} for ${name}`,
        );
      },
    });
  }

  /** Something that is answered in its turn without the store, such as PING. */
  addWithoutRequest(name: string): void {
    this.commit.add({
      request: null,
      answer: (outcome) => this.answered.push(`${outcome} ${name}`),
    });
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
  expect(answered).toEqual(['a', 'b', 'batch']);
  store.finish();
  await commit.drained();
  expect(store.batches).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(answered).toEqual(['a', 'b', 'batch', 'c', 'd', 'batch']);
});

test('what needs no store is answered in its turn, after what came before it', async () => {
  const { store, answered, commit, add, addWithoutRequest } = bound(new Fixture());
  addWithoutRequest('1');
  add('a');
  addWithoutRequest('2');
  add('b');
  await store.called();
  expect(answered).toEqual([]);
  store.finish();
  await commit.drained();
  expect(answered).toEqual(['null 1', 'a', 'null 2', 'b', 'batch']);
  expect(store.batches).toEqual([['a', 'b']]);
});

test('a batch that needs no store does not ask it', async () => {
  const { store, answered, commit, addWithoutRequest } = bound(new Fixture());
  addWithoutRequest('1');
  await commit.drained();
  expect(answered).toEqual(['null 1', 'batch']);
  expect(store.batches).toEqual([]);
});

test('a batch that could not be committed is told so to all of it, and the next one goes on', async () => {
  const { store, answered, commit, failures, add, addWithoutRequest } = bound(new Fixture());
  add('a');
  addWithoutRequest('1');
  add('b');
  await store.called();
  add('c');
  store.finish(new StoreUnavailable('full'));
  await store.called();
  store.finish();
  await commit.drained();
  expect(answered).toEqual([
    'StoreUnavailable for a',
    'null 1',
    'StoreUnavailable for b',
    'batch',
    'c',
    'batch',
  ]);
  expect(failures).toEqual([]);
});

test('the store does the rest of its work after the replies, before the next batch', async () => {
  const fixture = new Fixture();
  const { store, answered, commit, add } = bound(fixture);
  store.afterReplies = () => answered.push(`rest of batch ${store.batches.length}`);
  add('a');
  await store.called();
  add('b');
  store.finish();
  await store.called();
  store.finish();
  await commit.drained();
  expect(answered).toEqual(['a', 'batch', 'rest of batch 1', 'b', 'batch', 'rest of batch 2']);
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
    expect(answered).toEqual(['a', 'batch']);
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
    addWithoutRequest: (name: string) => fixture.addWithoutRequest(name),
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
