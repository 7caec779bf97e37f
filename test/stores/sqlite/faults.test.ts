import { rmSync } from 'node:fs';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import type { Request } from '../../../src/inventory/model.ts';
import { asMayBeLong, MANY_LINES } from '../../../src/inventory/order-work.ts';
import type { Store } from '../../../src/inventory/store.ts';
import { StoreUnavailable } from '../../../src/inventory/store.ts';
import type { Report } from '../../../src/stores/report.ts';
import type { Clocks } from '../../../src/stores/shop-time.ts';
import {
  DataFileGone,
  DiskFull,
  TablesChanged,
} from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { together } from '../conformance.transactions.ts';
import { ITEMS } from '../conformance.ts';
import { Holder } from '../holder.ts';
import { Buyer, levels, settleAll, settleOne } from '../orders.ts';

/** A store, and the very connection that it writes with, to make that fail. */
class Fixture implements AsyncDisposable {
  readonly folder = new TemporaryFolder();
  readonly path = this.folder.file('inventory.db');
  readonly store: Store;
  readonly db: DatabaseSync;
  readonly events: { readonly event: string; readonly [field: string]: unknown }[] = [];
  readonly #others: DatabaseSync[] = [];

  constructor(catalog = ITEMS, clocks?: Clocks) {
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    const report: Report = (event, fields) => this.events.push({ event, ...fields });
    this.store = openSqliteStore(this.path, catalog, { report, ...(clocks && { clocks }) });
    this.db = prepare.mock.contexts.at(-1) as DatabaseSync;
    prepare.mockRestore();
  }

  /** An operator's connection. */
  other(): DatabaseSync {
    const db = new DatabaseSync(this.path);
    this.#others.push(db);
    return db;
  }

  /** What another program finds in the file. */
  onDisk(): unknown {
    const db = this.other();
    return {
      orders: db
        .prepare('SELECT id FROM orders ORDER BY id')
        .all()
        .map(({ id }) => id),
      logins: db.prepare('SELECT token_hash FROM logins').all().length,
      available: db
        .prepare('SELECT available FROM stock ORDER BY upc')
        .all()
        .map(({ available }) => available),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const db of this.#others) db.close();
    if (this.db.isOpen) await this.store.close();
    this.folder[Symbol.dispose]();
  }
}

/** Makes the next statements, `times` of them, that hold `sql` fail. */
function failWhere(method: 'get' | 'all' | 'run', sql: string, error: Error, times = 1): void {
  type Run = (this: StatementSync, ...values: unknown[]) => unknown;
  const statements = StatementSync.prototype as unknown as Record<typeof method, Run>;
  const original = statements[method];
  let left = times;
  const spy = vi.spyOn(statements, method);
  spy.mockImplementation(function (this: StatementSync, ...values) {
    if (!this.sourceSQL.includes(sql)) return original.apply(this, values);
    if (--left === 0) spy.mockRestore();
    throw error;
  });
}

const login = { tokenHash: 'hash', user: 'alice', since: 1, credential: 'theirs' };

describe('a batch that cannot be committed', () => {
  const faults: [string, (fixture: Fixture) => () => void][] = [
    [
      'another program holds the file',
      (fixture) => {
        const other = fixture.other();
        other.exec('BEGIN IMMEDIATE');
        return () => other.exec('ROLLBACK');
      },
    ],
    [
      'the file cannot be written',
      ({ db }) => {
        db.exec('PRAGMA query_only = ON');
        return () => db.exec('PRAGMA query_only = OFF');
      },
    ],
  ];

  test.for(faults)('%s: it had no effect, and a later one succeeds', async ([, breakIt]) => {
    await using fixture = new Fixture();
    const { store } = fixture;
    const buyer = new Buyer();
    await store.settle([buyer.buy('1x2', 'before')]);
    const disk = fixture.onDisk();

    const repair = breakIt(fixture);
    // More than a page of orders, so that the file has to grow.
    const batch = [
      { kind: 'login', login } as const,
      ...Array.from({ length: 100 }, (_, index) =>
        buyer.buy('1x1 2x1', `${index}-${'x'.repeat(60)}`),
      ),
    ];
    await expect(async () => store.settle(batch)).rejects.toThrow(StoreUnavailable);
    expect(await levels(store)).toEqual({ 1: 8, 2: 5, 3: 0 });
    expect(await settleOne(store, { kind: 'resume', tokenHash: 'hash' })).toMatchObject({
      code: 'NOSESSION',
    });
    expect(fixture.onDisk()).toEqual(disk);

    repair();
    const outcomes = await store.settle(batch);
    expect(outcomes.slice(0, 7)).toMatchObject([
      { kind: 'session' },
      ...[4, 3, 2, 1, 0].map((available) => ({ order: { lines: [{}, { upc: 2, available }] } })),
      { code: 'NOSTOCK' },
    ]);
    expect(await levels(store)).toEqual({ 1: 3, 2: 0, 3: 0 });
  });

  const full: [string, (fixture: Fixture) => () => void] = [
    'the disk is full',
    ({ db }) => {
      const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
      db.exec(`PRAGMA max_page_count = ${page_count}`);
      return () => db.exec('PRAGMA max_page_count = 1000000');
    },
  ];

  test.for([...faults, full])(
    '%s: the log is told once of the first one, with why, and once when one was committed again',
    async ([, breakIt]) => {
      await using fixture = new Fixture();
      const { store, events, path } = fixture;
      const buyer = new Buyer();
      let order = 0;
      const buy = async () => store.settle([buyer.buy('1x1', `${order++}${'x'.repeat(5_000)}`)]);
      for (let time = 1; time <= 2; time++) {
        events.length = 0;
        const repair = breakIt(fixture);
        for (let batch = 0; batch < 2; batch++) await expect(buy).rejects.toThrow(StoreUnavailable);
        const lost = {
          event: 'database lost',
          level: 'error',
          data: path,
          why: expect.any(String),
        };
        expect(events).toEqual([lost]);
        repair();
        // Who only reads finds out nothing.
        await levels(store);
        expect(events).toEqual([lost]);
        for (let batch = 0; batch < 2; batch++) await buy();
        const found = { event: 'database found', data: path, away_ms: expect.any(Number) };
        expect(events).toEqual([lost, found]);
      }
    },
  );

  test('the disk is full: what fits goes on in its order, what does not had no effect', async () => {
    await using fixture = new Fixture();
    const { store, db } = fixture;
    const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${page_count}`);
    const buyer = new Buyer();
    // Pages of refusals, and sales among them.
    const refused = (name: string) =>
      Array.from({ length: 100 }, (_, index) =>
        buyer.buy('3x1', `${name} ${index} ${'x'.repeat(50)}`),
      );
    const batch = [
      buyer.buy('1x1', 'a'),
      ...refused('one'),
      buyer.buy('1x1', 'b'),
      ...refused('other'),
      buyer.buy('1x1', 'c'),
    ];
    const outcomes = await store.settle(batch);
    const bought = outcomes.filter((one) => 'replayed' in one);
    expect(bought).toMatchObject(
      [9, 8, 7].map((available) => ({ order: { lines: [{ available }] } })),
    );
    const others = outcomes.filter((one) => !('replayed' in one));
    expect(new Set(others.map((one) => (one as { code: string }).code))).toEqual(new Set(['BUSY']));
    expect(fixture.onDisk()).toMatchObject({ orders: ['a', 'b', 'c'], available: [7, 5, 0] });

    db.exec('PRAGMA max_page_count = 1000000');
    const again = await store.settle(batch);
    expect(again.filter((one) => 'replayed' in one && one.replayed)).toHaveLength(3);
    expect(again.filter((one) => 'code' in one && one.code === 'NOSTOCK')).toHaveLength(200);
    expect(await levels(store)).toEqual({ 1: 7, 2: 5, 3: 0 });
  });

  test('the disk is full: an order of many lines is asked for in its place, and not put off', async () => {
    const many = Array.from({ length: MANY_LINES + 1 }, (_, at) => ({
      ...{ upc: at + 1, name: 'x', units: at === 2 ? 0 : 9 },
    }));
    await using fixture = new Fixture(many);
    const { store, db } = fixture;
    const buyer = new Buyer();
    const sold = many.filter(({ upc }) => upc !== 3).map(({ upc }) => `${upc}x1`);
    await settleOne(store, buyer.buy([...sold, '3x0'].join(' '), 'long'));
    const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${page_count}`);
    const refused = Array.from({ length: 200 }, (_, index) =>
      buyer.buy('3x1', `${index} ${'x'.repeat(50)}`),
    );
    const confirm: Request = { kind: 'confirm', session: buyer.session, order: 'long' };
    const outcomes = await store.settle([...refused, asMayBeLong(confirm), confirm]);
    expect(new Set(outcomes.slice(0, 200).map((one) => (one as { code: string }).code))).toEqual(
      new Set(['BUSY']),
    );
    const again = { kind: 'receipt', replayed: true };
    expect(outcomes.slice(200)).toMatchObject([again, again]);
  });

  test('holds that had ended at its time are told as live again', async () => {
    let now = Date.UTC(2026, 0, 1);
    await using fixture = new Fixture(ITEMS, { wall: () => now, steady: () => 0 });
    const { store } = fixture;
    const holder = new Holder();
    await store.settle([holder.hold('1x4', 'held', 60)]);
    now += 60_000;
    const full = Object.assign(new Error('full'), { errcode: 13 });
    failWhere('run', 'INTO orders', full, 2);
    await expect(async () => store.settle([holder.buy('1x1')])).rejects.toThrow(StoreUnavailable);
    // The clock is set right: they live.
    now -= 60_000;
    expect(await levels(store)).toMatchObject({ 1: 6 });
    now += 60_000;
    expect(await levels(store)).toMatchObject({ 1: 10 });
  });

  test('the disk is full: of a transaction all fits, or nothing of it is done', async () => {
    await using fixture = new Fixture();
    const { store, db } = fixture;
    const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${page_count + 4}`);
    // Each takes more than a page, so that some of them fit; orders of no units, which there are enough of.
    const batch = Array.from({ length: 8 }, (_, index) => {
      const buyer = new Buyer({ user: `buyer-${index}`, since: 1, tokenHash: null });
      return together(
        buyer.buy('1x1', 'sale'),
        ...Array.from({ length: 40 }, (_none, at) => buyer.buy('1x0', `${at}${'x'.repeat(60)}`)),
      );
    });
    const outcomes = await store.settle(batch);
    const isDone = outcomes.map((one) => 'kind' in one && one.kind === 'transaction');
    expect(new Set(isDone)).toEqual(new Set([true, false]));
    const rows = fixture
      .other()
      .prepare('SELECT user, count(*) AS orders FROM orders GROUP BY user');
    expect(rows.all()).toEqual(
      isDone.flatMap((done, index) => (done ? [{ user: `buyer-${index}`, orders: 41 }] : [])),
    );
    expect(await levels(store)).toMatchObject({ 1: 10 - isDone.filter((done) => done).length });
  });

  test('the disk is full and nothing fits: nothing was committed, and a later batch succeeds', async () => {
    await using fixture = new Fixture();
    const { store, db } = fixture;
    const buyer = new Buyer();
    const [order, disk] = [buyer.buy('1x1', 'a'), fixture.onDisk()];
    // The table of orders may not even be touched.
    failWhere('run', 'INTO orders', Object.assign(new Error('full'), { errcode: 13 }), 2);
    await expect(async () => store.settle([order])).rejects.toThrow(StoreUnavailable);
    expect(fixture.onDisk()).toEqual(disk);
    expect(db.isTransaction).toBe(false);
    expect(await settleOne(store, order)).toMatchObject({ replayed: false });
  });

  test('a broken file is no passing fault: the server must stop', async () => {
    await using fixture = new Fixture();
    fixture.other().exec('DROP TABLE orders');
    const settle = async () => fixture.store.settle([new Buyer().buy('1x2')]);
    await expect(settle).rejects.toThrow(/no such table/);
    await expect(settle).rejects.toThrow(TablesChanged);
  });

  test('units below zero cannot be written, even if a rule were wrong', async () => {
    await using fixture = new Fixture();
    expect(() => fixture.other().exec('UPDATE stock SET available = -1')).toThrow(
      /CHECK constraint/,
    );
  });
});

describe('what fails after the commit is never told as "nothing happened"', () => {
  // SQLite's codes for a passing fault: before the commit they would be StoreUnavailable.
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });

  test('a page cannot be read', async () => {
    await using fixture = new Fixture();
    failWhere('all', 'FROM orders', full);
    const buyer = new Buyer();
    const settle = async () => fixture.store.settle([buyer.buy('1x2', 'a'), buyer.orders(3)]);
    await expect(settle).rejects.toThrow(DiskFull);
    expect(await levels(fixture.store)).toEqual({ 1: 8, 2: 5, 3: 0 });
  });

  test('the data file was removed', async () => {
    await using fixture = new Fixture();
    rmSync(fixture.path);
    const settle = async () => fixture.store.settle([new Buyer().buy('1x2')]);
    await expect(settle).rejects.toThrow(DataFileGone);
    // Nor is the end of such a server an end as any other.
    await expect(fixture.store.close()).rejects.toThrow(DataFileGone);
  });
});

describe('an operator works on the open file', () => {
  test('who is not logged in is told so, also while the operator holds the file', async () => {
    await using fixture = new Fixture();
    const operator = fixture.other();
    operator.exec('BEGIN IMMEDIATE');
    const stranger = { ...new Buyer().buy('1x1', 'a'), session: null };
    expect(await settleOne(fixture.store, stranger)).toMatchObject({ code: 'NOAUTH' });
    operator.exec('ROLLBACK');
  });

  test('a batch that writes waits without keeping the event loop; batches that read go on', async () => {
    await using fixture = new Fixture();
    const { store } = fixture;
    const operator = fixture.other();
    operator.exec('BEGIN IMMEDIATE; UPDATE stock SET available = 90 WHERE upc = 1');
    const started = performance.now();
    const settled = store.settle([new Buyer().buy('1x1', 'a')]);
    expect(settled).toBeInstanceOf(Promise);
    for (let turn = 0; turn < 20; turn++) {
      expect(await levels(store)).toEqual({ 1: 10, 2: 5, 3: 0 });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(performance.now() - started).toBeLessThan(500);
    operator.exec('COMMIT');
    expect(await settled).toMatchObject([{ order: { lines: [{ available: 89 }] } }]);
    expect(await levels(store)).toEqual({ 1: 89, 2: 5, 3: 0 });
  });

  test('a level or an order that SQL has made unreadable is refused and told, alone', async () => {
    await using fixture = new Fixture();
    const { store } = fixture;
    const faults: string[] = [];
    store.observe({ faultFound: (fault) => faults.push(fault) });
    const buyer = new Buyer();
    const [order] = await store.settle([buyer.buy('1x1', 'a')]);
    fixture.other().exec(`UPDATE stock SET available = 9007199254740993 WHERE upc = 2;
      DELETE FROM stock WHERE upc = 3;
      INSERT INTO orders (user, id, at, lines, refusal, position) VALUES ('alice', 'b-json', 3, '[[1,2', NULL, NULL),
        ('alice', 'b-text', 4, '"x"', NULL, NULL), ('alice', 'b-list', 5, '[[1,2]]', NULL, NULL),
        ('alice', 'b-left', 6, '[[1,2,null]]', NULL, NULL),
        ('alice', 'b-code', 7, '[[1,2,null]]', 'SOLD out', NULL),
        ('alice', 'c-early', -5, '[[1,2,8]]', NULL, NULL),
        ('alice', 'c-late', 9223372036854775807, '[[1,2,8]]', NULL, NULL)`);
    const broken = ['b-json', 'b-text', 'b-list', 'b-left', 'b-code'];
    for (let round = 0; round < 2; round++) {
      for (const id of broken) {
        expect(
          await store.settle([buyer.order(id), buyer.buy('1x2', id), buyer.order('a')]),
        ).toEqual([
          expect.objectContaining({ code: 'UNAVAILABLE', message: expect.stringContaining(id) }),
          expect.objectContaining({ code: 'UNAVAILABLE' }),
          { ...order, replayed: true },
        ]);
      }
      expect(await store.settle([buyer.buy('2x1', 'b'), buyer.buy('3x1', 'c')])).toMatchObject([
        { code: 'UNAVAILABLE', message: expect.stringContaining('9007199254740993') },
        { code: 'UNAVAILABLE', message: expect.stringContaining('missing') },
      ]);
    }
    expect(faults).toHaveLength(broken.length + 2);
    expect(await settleOne(store, buyer.order('c-early'))).toMatchObject({ order: { at: 0 } });
    const latest = 8_640_000_000_000_000;
    expect(await settleOne(store, buyer.order('c-late'))).toMatchObject({ order: { at: latest } });
    expect((await buyer.list(store, 3)).sort()).toEqual(
      ['a', 'c-early', 'c-late', ...broken].sort(),
    );
    expect(await levels(store)).toEqual({ 1: 9, 2: 0, 3: 0 });

    fixture.other().exec(`UPDATE stock SET available = 4 WHERE upc = 2;
      UPDATE orders SET lines = '[[1,2,8]]' WHERE id = 'b-json'`);
    expect(await store.settle([buyer.buy('2x1', 'b'), buyer.order('b-json')])).toMatchObject([
      { replayed: false },
      { replayed: true },
    ]);
  });

  test('an id of the server that a client has chosen before is the order of the client', async () => {
    await using fixture = new Fixture();
    const { store } = fixture;
    const buyer = new Buyer();
    await settleOne(store, buyer.buy('1x2', 'chosen'));
    const unnamed = { ...buyer.buy('1x2', 'chosen'), named: false };
    expect(await store.settle([buyer.buy('2x1'), unnamed, buyer.buy('2x1', 'b')])).toMatchObject([
      { kind: 'receipt', replayed: false },
      { kind: 'receipt', replayed: true },
      { kind: 'receipt', replayed: false },
    ]);
    expect(await levels(store)).toMatchObject({ 1: 8, 2: 3 });
  });

  test('observers are told that rows may have changed, once for each change', async () => {
    await using fixture = new Fixture();
    let told = 0;
    const committed: unknown[] = [];
    fixture.store.observe({
      committed: ({ available }) => committed.push(available),
      changedOutside: () => told++,
    });
    const operator = fixture.other();
    operator.exec('UPDATE stock SET available = 7 WHERE upc = 3');
    await settleAll(fixture.store, [new Buyer().buy('3x1')]);
    await levels(fixture.store);
    expect(told).toBe(1);
    expect(committed).toEqual([new Map([[3, 6]])]);
  });

  test('a restock is seen by the next request, whether it reads or buys', async () => {
    await using fixture = new Fixture();
    const { store } = fixture;
    const buyer = new Buyer();
    expect(await settleOne(store, buyer.buy('3x1'))).toMatchObject({ code: 'NOSTOCK' });
    const operator = fixture.other();
    operator.exec('UPDATE stock SET available = available + 7 WHERE upc = 3');
    expect(await levels(store)).toEqual({ 1: 10, 2: 5, 3: 7 });
    operator.exec('UPDATE stock SET available = available + 1 WHERE upc = 3');
    expect(await settleOne(store, buyer.buy('3x8'))).toMatchObject({
      order: { lines: [{ available: 0 }] },
    });
    expect(fixture.onDisk()).toMatchObject({ available: [10, 5, 0] });
  });

  test('a login that is deleted is logged out', async () => {
    await using fixture = new Fixture();
    await fixture.store.settle([{ kind: 'login', login }]);
    fixture.other().exec('DELETE FROM logins');
    expect(await settleOne(fixture.store, { kind: 'whoami', session: login })).toMatchObject({
      code: 'NOAUTH',
    });
  });

  test('an order that is written while the server runs is found under its id', async () => {
    await using fixture = new Fixture();
    const buyer = new Buyer();
    fixture
      .other()
      .exec(
        `INSERT INTO orders (user, id, at, lines, refusal, position) VALUES ('alice', 'by hand', 1, '[[1,2,8]]', NULL, NULL)`,
      );
    expect(await settleOne(fixture.store, buyer.buy('1x2', 'by hand'))).toMatchObject({
      replayed: true,
    });
    expect(await levels(fixture.store)).toEqual({ 1: 10, 2: 5, 3: 0 });
  });
});
