/** What a batch loads; and two servers under load, whose database loses its sessions or crashes meanwhile. */
import { EventEmitter, on } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import type { Item } from '../../../../src/inventory/catalog.ts';
import type { Outcome } from '../../../../src/inventory/model.ts';
import { OutcomeUnknown, type Store, StoreUnavailable } from '../../../../src/inventory/store.ts';
import { Known } from '../../../../src/stores/postgres/batch/known.ts';
import { loadLines, loadStatements } from '../../../../src/stores/postgres/batch/load.ts';
import { Loaded } from '../../../../src/stores/postgres/batch/loaded.ts';
import { wantedBy } from '../../../../src/stores/postgres/batch/wanted.ts';
import { openPostgresStore } from '../../../../src/stores/postgres/open.ts';
import { PostgresServer } from '../../../support/postgres-server.ts';
import { alice, Buyer, bob } from '../../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const UNITS = 1_000_000;
const ITEMS: readonly Item[] = [{ upc: 1, name: 'item', units: UNITS }];

test('the lowest UPC of a batch is locked before the others, by a statement of its own', () => {
  const known = new Known(() => undefined);
  const textsOf = (what: string, lock: boolean) => {
    const wanted = wantedBy([new Buyer().buy(what)], false, known);
    const texts = loadStatements(wanted, lock, known).map(({ text }) => text);
    return texts.filter((text) => text.includes('stock'));
  };
  expect(textsOf('3x1 1x1 2x1', true)).toEqual([
    'EXECUTE stock_first (1)',
    "EXECUTE stock_taken ('{3,1,2}')",
  ]);
  expect(textsOf('3x1', true)).toEqual(["EXECUTE stock_taken ('{3}')"]);
  expect(textsOf('3x1 1x1', false)).toEqual(["EXECUTE stock ('{3,1}')"]);
});

describe('the items of orders that may change are known', () => {
  const confirm = (order: string) => ({ kind: 'confirm', session: alice, order }) as const;
  const linesOf = (upcs: number) =>
    JSON.stringify(Array.from({ length: upcs }, (_, upc) => [upc + 1, 1, 1]));

  /** Learns the items of orders `from` to `to`, of so many items each, as one batch does. */
  function learn(known: Known, from: number, to: number, upcs: number): void {
    const ids = Array.from({ length: to - from }, (_, index) => `order-${from + index}`);
    const wanted = wantedBy(ids.map(confirm), false, known);
    const lines = linesOf(upcs);
    const rows = ids.map((id) => ({ user: 'alice', id, lines, refusal: null }));
    loadLines(wanted, known)?.add(rows, new Loaded(wanted, known));
  }

  const areKnown = (known: Known, from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, index) => `order-${from + index}`);
    return ids.every((id) => known.lines.countOf('alice', id) > 0);
  };

  test.each([
    [511, 1_000],
    [1, 45_500],
  ])('until there are too many of them: with %i items each, less than %i orders', (upcs, most) => {
    const known = new Known(() => undefined);
    for (let from = 0; from < most; from += 100) learn(known, from, from + 100, upcs);
    expect(areKnown(known, 0, 100)).toBe(true);
    learn(known, most, most + 1, upcs);
    expect(areKnown(known, 0, 1)).toBe(false);
    expect(areKnown(known, most, most + 1)).toBe(true);
  });

  test('as long as the batch that needs them, however many they are', () => {
    const known = new Known(() => undefined);
    learn(known, 0, 3_000, 511);
    expect(areKnown(known, 0, 3_000)).toBe(true);
  });

  test('only once: one that is learned again counts once', () => {
    const known = new Known(() => undefined);
    learn(known, 0, 1, 511);
    for (let time = 0; time < 2_000; time++) known.lines.set('alice again', [1, 2, 3]);
    known.lines.forget('alice again');
    known.lines.makeRoom();
    for (let time = 0; time < 60_000; time++) {
      known.lines.set('alice again', [1, 2, 3]);
      known.lines.forget('alice again');
    }
    known.lines.makeRoom();
    expect(areKnown(known, 0, 1)).toBe(true);
  });
});

/** What a load says whenever a batch of it was settled. */
const settled = new EventEmitter();

/** Waits until so many batches more were settled, by both servers together. */
async function more(batches: number): Promise<void> {
  let left = batches;
  if (left === 0) return;
  for await (const _ of on(settled, 'batch')) if (--left === 0) return;
}

/** Buys one at a time, and remembers what was answered, until told to stop. */
async function load(store: Store, buyer: Buyer, name: string, during: Promise<unknown>) {
  const receipts: Outcome[] = [];
  let unknown = 0;
  let ended = false;
  during.then(
    () => (ended = true),
    () => (ended = true),
  );
  for (let batch = 0; !ended; batch++) {
    const orders = Array.from({ length: 20 }, (_, n) => buyer.buy('1x1', `${name} ${batch} ${n}`));
    try {
      receipts.push(...((await store.settle(orders)) as readonly Outcome[]));
      settled.emit('batch');
    } catch (error) {
      if (error instanceof OutcomeUnknown) unknown += orders.length;
      else if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
  return { receipts, unknown };
}

async function provenUnder(trouble: (address: string) => Promise<void>): Promise<void> {
  const address = await server.newDatabase();
  const stores = await Promise.all(
    [1, 2].map(() => openPostgresStore(address, ITEMS, () => undefined)),
  );
  const during = trouble(address);
  const loads = await Promise.all(
    stores.map((store, n) => load(store, new Buyer(n === 0 ? alice : bob), 'order', during)),
  );
  await during;
  const told = loads.flatMap(({ receipts }) => receipts);
  const unknown = loads.reduce((sum, one) => sum + one.unknown, 0);
  for (const outcome of told) expect(outcome).toMatchObject({ kind: 'receipt', replayed: false });
  const rows = await server.run(address, 'SELECT "user", id, lines FROM inv.orders');
  const lines = new Map(rows.map((row) => [`${row.user} ${row.id}`, row.lines]));
  for (const outcome of told) {
    const { order } = outcome as Extract<Outcome, { kind: 'receipt' }>;
    expect(lines.get(`${order.user} ${order.id}`)).toBe(`[[1,1,${order.lines[0]?.available}]]`);
  }
  expect(rows.length - told.length).toBeGreaterThanOrEqual(0);
  expect(rows.length - told.length).toBeLessThanOrEqual(unknown);
  expect(new Set(rows.map((row) => row.lines)).size).toBe(rows.length);
  const [stock] = await server.run(address, 'SELECT available::int FROM inv.stock WHERE upc = 1');
  expect(stock).toEqual({ available: UNITS - rows.length });
  expect(told.length).toBeGreaterThan(0);
  for (const store of stores) await store.close();
}

test('sessions that are terminated again and again cost nothing', async () => {
  await provenUnder(async (address) => {
    for (let kill = 0; kill < 20; kill++) {
      // Now and then none: then the sessions are new.
      await more(Math.floor(Math.random() * 10));
      await server.run(
        address,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
          AND application_name = 'inv'`,
      );
    }
    await more(20);
  });
});

test('a crash and a restart of the whole database cost nothing', async () => {
  await provenUnder(async () => {
    await more(20);
    await server.stop('SIGKILL');
    await server.start();
    await more(20);
    await server.stop('SIGINT');
    await server.start();
    await more(20);
  });
});
