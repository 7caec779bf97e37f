/** A database that goes away, hangs or loses its answers: what was committed is found out. */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, describe, type ExpectStatic, expect, test, vi } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import type { Login, Request } from '../../../src/inventory/model.ts';
import { OutcomeUnknown, type Store, StoreUnavailable } from '../../../src/inventory/store.ts';
import { GroupCommit } from '../../../src/server/group-commit.ts';
import { Readiness } from '../../../src/server/readiness.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { TcpProxy, type Watch } from '../../support/tcp-proxy.ts';
import { alice, Buyer, bob, levels, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const UNITS = 1_000_000;
const ITEMS: readonly Item[] = [1, 2].map((upc) => ({ upc, name: `item ${upc}`, units: UNITS }));

interface Setting extends AsyncDisposable {
  readonly address: string;
  readonly proxy: TcpProxy;
  /** Reaches the database through the proxy. */
  readonly store: Store;
  readonly events: string[];
}

async function open(): Promise<Setting> {
  const address = await server.newDatabase();
  const proxy = await TcpProxy.to(server.port);
  const events: string[] = [];
  const through = address.replace(`:${server.port}/`, `:${proxy.port}/`);
  const store = await openPostgresStore(through, ITEMS, (event) => events.push(event));
  return {
    address,
    proxy,
    store,
    events,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** The verdict for the first chunk that holds these bytes; all others pass. */
function once(bytes: string, verdict: ReturnType<Watch>): Watch {
  let done = false;
  return (chunk) => {
    if (done || !chunk.includes(bytes)) return 'pass';
    done = true;
    return verdict;
  };
}

const COMMITTED = 'COMMIT\0';
const login = (tokenHash: string): Login => ({
  tokenHash,
  user: 'alice',
  since: 1,
  credential: '',
});

describe('a commit whose answer is lost', () => {
  test('is found, and answered as if nothing had happened', async () => {
    await using setting = await open();
    const { proxy, store, address, events } = setting;
    await store.settle([{ kind: 'login', login: login('ends') }]);
    const buyer = new Buyer();
    const requests: Request[] = [
      buyer.buy('1x3', 'named'),
      buyer.buy('1x3', 'named'),
      buyer.buy('2x1'),
      buyer.buy('2x9999999', 'refused'),
      buyer.buy('2x9999999'),
      { kind: 'login', login: login('made') },
      { kind: 'logout', session: login('ends') },
      { kind: 'inventory', session: alice, upcs: [] },
      buyer.orders(9),
    ];
    proxy.fromTarget = once(COMMITTED, 'cut');
    const outcomes = await store.settle(requests);
    expect(events).toEqual(['database lost', 'database found']);
    expect(outcomes).toMatchObject([
      { kind: 'receipt', replayed: false, order: { id: 'named' } },
      { kind: 'receipt', replayed: true, order: { id: 'named' } },
      { kind: 'receipt', replayed: false },
      { code: 'NOSTOCK' },
      { code: 'NOSTOCK' },
      { kind: 'session' },
      { kind: 'loggedOut' },
      { items: [{ available: UNITS - 3 }, { available: UNITS - 1 }] },
      { orders: [{ id: 'refused' }, {}, { id: 'named' }] },
    ]);
    expect(await server.run(address, 'SELECT count(*)::int FROM inv.orders')).toEqual([
      { count: 3 },
    ]);
    const logins = await server.run(address, 'SELECT token_hash FROM inv.logins');
    expect(logins).toEqual([{ token_hash: 'made' }]);
  });

  test('and lost again, is found the next time', async () => {
    await using setting = await open();
    const { proxy, store } = setting;
    let cuts = 3;
    proxy.fromTarget = (chunk) => (chunk.includes(COMMITTED) && cuts-- > 0 ? 'cut' : 'pass');
    const outcome = await settleOne(store, new Buyer().buy('1x1'));
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: false });
    expect(await levels(store)).toMatchObject({ 1: UNITS - 1 });
  });

  test('because it never arrived: the batch is settled again, once', async () => {
    await using setting = await open();
    const { proxy, store } = setting;
    proxy.fromClient = once('my-order', 'cut');
    const outcome = await settleOne(store, new Buyer().buy('1x1', 'my-order'));
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: false });
    expect(await levels(store)).toMatchObject({ 1: UNITS - 1 });
  });

  test('and that arrives while we ask for it: nothing is bought twice', async () => {
    await using setting = await open();
    const { proxy, store, address } = setting;
    // A network that loses our side first and delivers what we had sent only then. An order without
    // an item locks no stock: only the mark keeps the late one and the new one apart.
    proxy.fromClient = once('my-order', 'leave');
    const settled = store.settle([
      new Buyer().buy('1x1', 'my-order'),
      new Buyer(bob).buy('9x1', 'none'),
    ]);
    await server.untilWaiting(address);
    proxy.release();
    expect(await settled).toMatchObject([{ kind: 'receipt', replayed: false }, { code: 'NOITEM' }]);
    expect(await levels(store)).toMatchObject({ 1: UNITS - 1 });
  });

  test('and that is forgotten while we ask for it: it is bought now', async () => {
    await using setting = await open();
    const { proxy, store, address } = setting;
    proxy.fromClient = once('my-order', 'leave');
    const settled = store.settle([new Buyer().buy('1x1', 'my-order')]);
    await server.untilWaiting(address);
    proxy.forget();
    expect(await settled).toMatchObject([{ kind: 'receipt', replayed: false }]);
    expect(await levels(store)).toMatchObject({ 1: UNITS - 1 });
  });
});

describe.concurrent('a database that stays away', () => {
  test('after a commit: the outcome is unknown, and is told when it is back', async ({
    expect,
  }) => {
    await using setting = await open();
    const { proxy, store } = setting;
    const order = new Buyer().buy('1x1', 'mine');
    proxy.fromTarget = (chunk) => {
      if (!chunk.includes(COMMITTED)) return 'pass';
      proxy.fromClient = () => 'cut';
      return 'cut';
    };
    let outside = 0;
    const committed: unknown[] = [];
    store.observe({
      committed: (changes) => committed.push(changes),
      changedOutside: () => outside++,
    });
    await expect(store.settle([order])).rejects.toThrow(OutcomeUnknown);
    expect([outside, committed]).toEqual([1, []]);
    await refusesAtOnce(store, expect);
    proxy.fromTarget = proxy.fromClient = () => 'pass';
    const [outcome] = await untilBack(store, [order]);
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: true });
    expect(await levels(store)).toMatchObject({ 1: UNITS - 1 });
  });

  test('before a commit: the batch has no effect; later ones do not wait; service goes on by itself', async ({
    expect,
  }) => {
    await using setting = await open();
    const { proxy, store } = setting;
    const order = new Buyer().buy('1x1', 'mine');
    proxy.fromClient = () => 'cut';
    const start = Date.now();
    await expect(store.settle([order])).rejects.toThrow(StoreUnavailable);
    expect(Date.now() - start).toBeGreaterThan(4_000);
    expect(Date.now() - start).toBeLessThan(7_000);
    await refusesAtOnce(store, expect);
    proxy.fromClient = () => 'pass';
    const [outcome] = await untilBack(store, [order]);
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: false });
  });

  test('beside a row that somebody has locked: what comes then has no effect, whatever was committed before', async ({
    expect,
  }) => {
    await using setting = await open();
    const { address, proxy, store } = setting;
    const [buyer, other] = [new Buyer(), new Buyer(bob)];
    const sql = postgres(address, { max: 1, onnotice: () => undefined });
    await sql.begin(async (inside) => {
      await inside`SELECT 1 FROM inv.stock WHERE upc = 1 FOR UPDATE`;
      const [locked, bought] = await store.settle([buyer.buy('1x1'), other.buy('2x1')]);
      expect(locked).toBeInstanceOf(StoreUnavailable);
      expect(bought).toMatchObject({ kind: 'receipt' });
      proxy.fromClient = () => 'cut';
      proxy.cutAll();
      await vi.waitFor(() => expect(setting.events).toContain('database lost'), 10_000);
      await expect(store.settle([other.buy('2x1')])).rejects.toThrow(StoreUnavailable);
    });
    await sql.end({ timeout: 1 });
    proxy.fromClient = () => 'pass';
    const [outcome] = await untilBack(store, [other.buy('2x1')]);
    expect(outcome).toMatchObject({ kind: 'receipt' });
    expect(await levels(store)).toMatchObject({ 1: UNITS, 2: UNITS - 2 });
  });

  test('that hangs without a word is away too', async ({ expect }) => {
    await using setting = await open();
    const { proxy, store } = setting;
    proxy.fromClient = () => 'hold';
    const start = Date.now();
    await expect(store.settle([new Buyer().buy('1x1', 'mine')])).rejects.toThrow(StoreUnavailable);
    expect(Date.now() - start).toBeLessThan(7_000);
    await refusesAtOnce(store, expect);
    // What a load balancer asks.
    expect(store.away).toMatch(/^the database is away: \S/);
    const readiness = new Readiness(
      new GroupCommit(store, ({ message }) => expect.fail(message)),
      store,
    );
    expect(await readiness.check()).toBe(store.away);
    proxy.fromClient = () => 'pass';
    proxy.cutAll();
    await untilBack(store, [new Buyer().buy('1x1', 'mine')]);
    expect(store.away).toBe(null);
    expect(await readiness.check()).toBe(null);
    expect((await store.measure()).bytes).toBeGreaterThan(10_000);
    expect(await levels(store)).toMatchObject({ 1: UNITS - 1 });
  });

  test('while reading is asked again', async ({ expect }) => {
    await using setting = await open();
    const { proxy, store } = setting;
    const cut = Promise.withResolvers<void>();
    proxy.fromClient = () => {
      cut.resolve();
      return 'cut';
    };
    const reading = levels(store);
    await cut.promise;
    proxy.fromClient = () => 'pass';
    expect(await reading).toEqual({ 1: UNITS, 2: UNITS });
  });

  async function refusesAtOnce(store: Store, expect: ExpectStatic): Promise<void> {
    const start = Date.now();
    for (let batch = 0; batch < 10; batch++) {
      await expect(store.settle([new Buyer().buy('2x1')])).rejects.toThrow(StoreUnavailable);
    }
    expect(Date.now() - start).toBeLessThan(500);
  }

  async function untilBack(store: Store, requests: readonly Request[]) {
    for (const end = Date.now() + 15_000; ; await pause(50)) {
      try {
        return await store.settle(requests);
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || Date.now() > end) throw error;
      }
    }
  }
});

test('a commit whose wait for the standby was cancelled is not acknowledged', async () => {
  await using setting = await open();
  const { store, address } = setting;
  const set = async (standbys: string) => {
    await server.run(address, `ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`);
    await server.run(address, 'SELECT pg_reload_conf()');
  };
  const cancelWaiting = async () => {
    await server.untilWaiting(address, WAITS_FOR_STANDBY);
    const cancel = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${WAITS_FOR_STANDBY}`;
    await server.run(address, cancel);
  };
  await set('nobody');
  // The setting is in force when commits begin to wait.
  let isInForce = false;
  const commits = (async () => {
    while (!isInForce) await server.run(address, "SELECT pg_logical_emit_message(true, '', '')");
  })();
  await server.untilWaiting(address, WAITS_FOR_STANDBY);
  isInForce = true;
  await cancelWaiting();
  await commits;
  const order = new Buyer().buy('1x1', 'mine');
  const settled = expect(store.settle([order])).rejects.toThrow(OutcomeUnknown);
  await cancelWaiting();
  await settled;
  await set('');
  await expect
    .poll(() => settleOne(store, order).catch(() => null), { timeout: 10_000 })
    .toMatchObject({ kind: 'receipt', replayed: true });
});

const WAITS_FOR_STANDBY = `wait_event = 'SyncRep'`;
