/** Two servers over one database: each a store of its own, as two processes would have. */
import postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import type { Login, Outcome, Refusal, Request, Session } from '../../../src/inventory/model.ts';
import { type Store, StoreUnavailable } from '../../../src/inventory/store.ts';
import { MAX_LOGINS_OF_USER } from '../../../src/inventory/user-limits.ts';
import { USERS } from '../../../src/inventory/users.ts';
import { InventoryServer } from '../../../src/server/server.ts';
import { LOGINS_LOCK } from '../../../src/stores/postgres/batch/statements.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { openPostgresOperatorData } from '../../../src/stores/postgres/postgres-operator-data.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { RawClient } from '../../support/raw-client.ts';
import { together } from '../conformance.transactions.ts';
import { Holder } from '../holder.ts';
import { alice, Buyer, bob, levels, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const ITEMS: readonly Item[] = [1, 2, 3, 4, 5].map((upc) => ({
  upc,
  name: `item ${upc}`,
  units: 1_000,
}));

interface Pair extends AsyncDisposable {
  readonly address: string;
  readonly one: Store;
  readonly other: Store;
  /** What both have reported. */
  readonly events: unknown[][];
}

async function openPair(catalog = ITEMS): Promise<Pair> {
  const address = await server.newDatabase();
  const events: unknown[][] = [];
  const open = () => openPostgresStore(address, catalog, (...event) => void events.push(event));
  const [one, other] = (await Promise.all([open(), open()])) as [Store, Store];
  return {
    address,
    one,
    other,
    events,
    [Symbol.asyncDispose]: async () => {
      await one.close();
      await other.close();
    },
  };
}

/** A session of somebody with a database tool. */
async function operator(address: string) {
  const sql = postgres(address, { max: 1, onnotice: () => undefined });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) });
}

const login: Login = { tokenHash: 'hash', user: 'alice', since: 123, credential: 'theirs' };

describe('a login', () => {
  test('made on one server resumes on the other', async () => {
    await using pair = await openPair();
    await pair.one.settle([{ kind: 'login', login }]);
    const outcome = await settleOne(pair.other, { kind: 'resume', tokenHash: 'hash' });
    expect(outcome).toEqual({ kind: 'session', session: login });
  });

  test('that ended on one server is dead on the other with the next request', async () => {
    await using pair = await openPair();
    await pair.one.settle([{ kind: 'login', login }]);
    await pair.other.settle([{ kind: 'resume', tokenHash: 'hash' }]);
    await pair.one.settle([{ kind: 'logout', session: login }]);
    const requests: Request[] = [
      new Buyer(login).buy('1x1'),
      { kind: 'whoami', session: login },
      { kind: 'resume', tokenHash: 'hash' },
    ];
    const refused = [{ code: 'NOAUTH' }, { code: 'NOAUTH' }, { code: 'NOSESSION' }];
    expect(await pair.other.settle(requests)).toMatchObject(refused);
    expect(await levels(pair.other)).toMatchObject({ 1: 1_000 });
  });

  test('that is about to end elsewhere is waited for', async () => {
    await using pair = await openPair();
    await pair.one.settle([{ kind: 'login', login }]);
    await using sql = await operator(pair.address);
    const held = Promise.withResolvers<void>();
    // As a logout does it, but until somebody waits for it.
    const logout = sql.begin(async (inside) => {
      await inside`SELECT pg_advisory_xact_lock(${LOGINS_LOCK})`;
      await inside`DELETE FROM inv.logins`;
      held.resolve();
      await server.untilWaiting(pair.address);
    });
    await held.promise;
    const bought = await settleOne(pair.other, new Buyer(login).buy('1x1'));
    await logout;
    expect(bought).toMatchObject({ code: 'NOAUTH' });
  });
});

test('an end of logins without a record reaches every server, also one that was cut off meanwhile', async () => {
  await using pair = await openPair();
  const auth = { kind: 'auth', user: 'alice', since: 1 } as const;
  const [one, other] = (await Promise.all(
    [pair.one, pair.other].map(async (store) => {
      const outcome = (await settleOne(store, auth)) as Extract<Outcome, { kind: 'session' }>;
      return { store, session: outcome.session };
    }),
  )) as [{ store: Store; session: Session }, { store: Store; session: Session }];
  await using sql = await operator(pair.address);
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database()`;
  const data = await openPostgresOperatorData(pair.address);
  await data.endLogins('alice');
  for (const { store, session } of [one, other]) {
    expect(await settleOne(store, new Buyer(session).buy('1x1'))).toMatchObject({ code: 'NOAUTH' });
    expect(await settleOne(store, auth)).toMatchObject({ kind: 'session' });
  }
  expect((await data.items())[0]).toMatchObject({ upc: 1, available: 1_000 });
  await data.close();
});

describe('while a batch of another server acts for a login', () => {
  const other: Login = { tokenHash: 'other', user: 'bob', since: 9, credential: 'theirs' };
  const share = (sql: postgres.TransactionSql) =>
    sql`SELECT pg_advisory_xact_lock_shared(${LOGINS_LOCK})`;

  test('a logout waits, and no purchase does', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    await pair.one.settle([
      { kind: 'login', login },
      { kind: 'login', login: other },
    ]);
    const order: string[] = [];
    let logout: Promise<unknown> = Promise.resolve();
    await sql.begin(async (inside) => {
      await share(inside);
      const bought = await settleOne(pair.one, new Buyer(login).buy('1x1'));
      expect(bought).toMatchObject({ kind: 'receipt' });
      logout = settleOne(pair.other, { kind: 'logout', session: login }).then((outcome) => {
        expect(outcome).toEqual({ kind: 'loggedOut' });
        order.push('logged out');
      });
      await server.untilWaiting(pair.address);
      order.push('the batch has ended');
    });
    await logout;
    expect(order).toEqual(['the batch has ended', 'logged out']);
    const refused = await settleOne(pair.one, new Buyer(login).buy('1x1'));
    expect(refused).toMatchObject({ code: 'NOAUTH' });
  });

  test('for long: logouts are told UNAVAILABLE, the others go on', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    await pair.one.settle([
      { kind: 'login', login },
      { kind: 'login', login: other },
    ]);
    const logout: Request = { kind: 'logout', session: login };
    const expected = [expect.any(StoreUnavailable), { kind: 'receipt' }];
    await sql.begin(async (inside) => {
      await share(inside);
      expect(await pair.one.settle([logout, new Buyer(other).buy('2x1')])).toMatchObject(expected);
      // From then on nobody waits for some time.
      const start = Date.now();
      expect(await pair.one.settle([logout, new Buyer(other).buy('2x1')])).toMatchObject(expected);
      expect(Date.now() - start).toBeLessThan(400);
    });
    const again = async () => {
      try {
        return await settleOne(pair.one, logout);
      } catch (error) {
        return error;
      }
    };
    await expect.poll(again, { timeout: 5_000 }).toEqual({ kind: 'loggedOut' });
  });

  test('a login that ends the oldest one of its user waits, and no other login does', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const made = (user: string, index: number): Request => ({
      kind: 'login',
      login: { tokenHash: `${user} ${index}`, user, since: index, credential: 'theirs' },
    });
    const alices = Array.from({ length: MAX_LOGINS_OF_USER }, (_, index) => made('alice', index));
    await pair.one.settle(alices);
    await sql.begin(async (inside) => {
      await share(inside);
      expect(await settleOne(pair.one, made('bob', 0))).toMatchObject({ kind: 'session' });
      await expect(pair.one.settle([made('alice', 5_000)])).rejects.toThrow(StoreUnavailable);
    });
    const resumed = await settleOne(pair.other, { kind: 'resume', tokenHash: 'alice 0' });
    expect(resumed).toMatchObject({ kind: 'session' });
  });
});

describe('an order', () => {
  test('sent again through the other server gets its first outcome', async () => {
    await using pair = await openPair();
    const buyer = new Buyer();
    const orders = [buyer.buy('1x3', 'bought'), buyer.buy('1x9999', 'refused')];
    const first = await pair.one.settle(orders);
    const { message } = first[1] as Refusal;
    expect(await pair.other.settle(orders)).toEqual([
      { ...first[0], replayed: true },
      expect.objectContaining({ message: expect.stringContaining(`${message} (refused at `) }),
    ]);
    expect(await levels(pair.other)).toMatchObject({ 1: 997 });
    const reused = await settleOne(pair.other, buyer.buy('2x3', 'bought'));
    expect(reused).toMatchObject({ code: 'ORDERREUSED' });
    const asked = await settleOne(pair.other, buyer.order('bought'));
    expect(asked).toEqual({ ...first[0], replayed: true });
  });

  test('sent through both servers at once is bought once', async () => {
    await using pair = await openPair();
    const buyer = new Buyer();
    for (let round = 0; round < 30; round++) {
      const order = buyer.buy('1x1 2x2', `round ${round}`);
      const outcomes = await Promise.all(
        [pair.one, pair.other].map((one) => settleOne(one, order)),
      );
      const replayed = outcomes.map((outcome) => (outcome as { replayed: boolean }).replayed);
      expect(replayed.sort()).toEqual([false, true]);
      const [one, other] = outcomes as [Outcome & { order: object }, Outcome & { order: object }];
      expect(one.order).toEqual(other.order);
    }
    expect(await levels(pair.one)).toMatchObject({ 1: 970, 2: 940 });
  });

  test.each([
    ['of the same item', '1x1', 'receipt'],
    ['of another item', '2x1', 'ORDERREUSED'],
    ['of no item', '77x1', 'ORDERREUSED'],
  ])('whose first try is still under way elsewhere, %s', async (_what, lines, expected) => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const held = Promise.withResolvers<void>();
    // The other server is held between its INSERT and its COMMIT: by hand, until somebody waits for it.
    const first = sql.begin(async (inside) => {
      await inside`SELECT 1 FROM inv.stock WHERE upc = 1 FOR UPDATE`;
      await inside`INSERT INTO inv.orders VALUES ('alice', 'same', 1, '[[1,1,999]]', NULL, NULL)`;
      await inside`UPDATE inv.stock SET available = 999 WHERE upc = 1`;
      held.resolve();
      await server.untilWaiting(pair.address);
    });
    await held.promise;
    const outcome = await settleOne(pair.one, new Buyer().buy(lines, 'same'));
    await first;
    if (expected === 'receipt') expect(outcome).toMatchObject({ replayed: true, order: { at: 1 } });
    else expect(outcome).toMatchObject({ code: expected });
    expect(await levels(pair.one)).toMatchObject({ 1: 999, 2: 1_000 });
  });

  test('whose first try elsewhere comes to nothing is settled anew', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const held = Promise.withResolvers<void>();
    const first = sql.begin(async (inside) => {
      await inside`INSERT INTO inv.orders VALUES ('alice', 'same', 1, '[[1,1,999]]', NULL, NULL)`;
      held.resolve();
      await server.untilWaiting(pair.address);
      throw new Error('rolled back');
    });
    first.catch(() => undefined);
    await held.promise;
    const outcome = await settleOne(pair.one, new Buyer().buy('1x2', 'same'));
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: false });
    expect(await levels(pair.one)).toMatchObject({ 1: 998 });
  });
});

describe('many batches on both servers', () => {
  test('sell a hot item to its last unit and not one more', async () => {
    await using pair = await openPair();
    const sold = await Promise.all(
      [pair.one, pair.other].map(async (store, index) => {
        const buyer = new Buyer(index === 0 ? alice : bob);
        const left: number[] = [];
        for (let batch = 0; batch < 40; batch++) {
          const outcomes = await store.settle(Array.from({ length: 20 }, () => buyer.buy('1x1')));
          for (const outcome of outcomes) {
            if ('order' in outcome) left.push(outcome.order.lines[0]?.available as number);
            else expect(outcome).toMatchObject({ code: 'NOSTOCK' });
          }
        }
        return left;
      }),
    );
    const all = sold.flat().sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    expect(await levels(pair.one)).toMatchObject({ 1: 0 });
  });

  test('that buy the same items in all orders, with logins that end, do not lock each other out', async () => {
    await using pair = await openPair();
    let units = 0;
    await Promise.all(
      [pair.one, pair.other].map(async (store, index) => {
        for (let round = 0; round < 40; round++) {
          const sessions: Session[] = ['a', 'b', 'c'].map((name) => ({
            user: 'alice',
            since: 1,
            tokenHash: `${name} ${round}`,
            credential: '',
          }));
          const logins = sessions.map(
            (session): Request => ({ kind: 'login', login: session as Login }),
          );
          // The other server uses the same tokens, perhaps before they are there, perhaps after.
          if (index === 0) await store.settle(logins);
          const buyer = new Buyer(alice);
          const lines = [...'12345'].sort(() => Math.random() - 0.5).map((upc) => `${upc}x1`);
          const requests: Request[] = [
            ...Array.from({ length: 5 }, (_, n) =>
              buyer.buy(lines.join(' '), `${index} ${round} ${n}`),
            ),
            ...sessions.map((session): Request => ({ kind: 'whoami', session })),
            { kind: 'logout', session: sessions[round % 3] as Session },
          ];
          const outcomes = await store.settle(requests.sort(() => Math.random() - 0.5));
          units += outcomes.filter((outcome) => 'order' in outcome).length;
        }
      }),
    );
    expect(units).toBe(400);
    expect(await levels(pair.one)).toEqual({ 1: 600, 2: 600, 3: 600, 4: 600, 5: 600 });
    const deadlocks = await server.run(
      pair.address,
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toEqual([{ deadlocks: '0' }]);
  });
});

describe('a lock that somebody holds', () => {
  test('and that makes a deadlock with ours: the batch is tried again', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const held = Promise.withResolvers<void>();
    const buyer = new Buyer();
    // The operator takes the rows in the wrong order. One of the two is thrown out; ours tries again.
    const restock = (async () => {
      for (;;) {
        try {
          return await sql.begin(async (inside) => {
            await inside`SET LOCAL deadlock_timeout = '10s'`;
            await inside`UPDATE inv.stock SET available = available + 1 WHERE upc = 2`;
            held.resolve();
            await server.untilWaiting(pair.address);
            await inside`UPDATE inv.stock SET available = available + 1 WHERE upc = 1`;
          });
        } catch (error) {
          if ((error as { code?: string }).code !== '40P01') throw error;
        }
      }
    })();
    await held.promise;
    const outcome = await settleOne(pair.one, buyer.buy('1x1 2x1'));
    await restock;
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: false });
    expect(await levels(pair.one)).toMatchObject({ 1: 1_000, 2: 1_000 });
  });

  test('for too long: the batch has no effect, and the next one works', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const buyer = new Buyer();
    const start = Date.now();
    await sql.begin(async (inside) => {
      await inside`SELECT 1 FROM inv.stock WHERE upc = 1 FOR UPDATE`;
      await expect(pair.one.settle([buyer.buy('1x1')])).rejects.toThrow(StoreUnavailable);
    });
    expect(Date.now() - start).toBeLessThan(5_000);
    expect(await settleOne(pair.one, buyer.buy('1x1'))).toMatchObject({ kind: 'receipt' });
    expect(await levels(pair.one)).toMatchObject({ 1: 999 });
  });
});

describe('rows that an operator holds in a transaction that stays open', () => {
  const other: Login = { tokenHash: 'other', user: 'bob', since: 9, credential: 'theirs' };

  test.each([
    ['an item', 'SELECT 1 FROM inv.stock WHERE upc = 1 FOR UPDATE', '1x1'],
    ['an item, by its restock', 'UPDATE inv.stock SET available = available WHERE upc = 1', '1x1'],
    [
      'one of several items of an order',
      'SELECT 1 FROM inv.stock WHERE upc = 1 FOR SHARE',
      '3x1 1x1',
    ],
  ])(
    '%s: only those who need it are told UNAVAILABLE, the others go on',
    async (_what, lock, lines) => {
      await using pair = await openPair();
      await using sql = await operator(pair.address);
      await pair.one.settle([
        { kind: 'login', login },
        { kind: 'login', login: other },
      ]);
      const [held, free] = [new Buyer(login), new Buyer(other)];
      const batch = () => [free.buy('2x1'), held.buy(lines), free.buy('2x1')];
      const expected = [
        { kind: 'receipt' },
        expect.any(StoreUnavailable),
        { kind: 'receipt', replayed: false },
      ];
      await sql.begin(async (inside) => {
        await inside.unsafe(lock);
        const start = Date.now();
        expect(await pair.one.settle(batch())).toMatchObject(expected);
        const first = Date.now() - start;
        expect(first).toBeLessThan(3_000);
        // From then on nobody waits: many batches take less than one wait for a lock.
        const later = Date.now();
        for (let round = 0; round < 20; round++) {
          expect(await pair.one.settle(batch())).toMatchObject(expected);
        }
        expect(Date.now() - later).toBeLessThan(20 * 300);
        await expect(pair.one.settle([held.buy(lines)])).rejects.toThrow(StoreUnavailable);
        // Who only looks waits for nobody.
        expect(await levels(pair.one)).toMatchObject({
          1: 1_000,
          2: 1_000 - 42,
          3: 1_000,
          4: 1_000,
        });
      });
      expect(await settleOne(pair.one, held.buy(lines))).toMatchObject({ kind: 'receipt' });
    },
  );

  test.each([
    ['by its change', `UPDATE inv.orders SET at = at WHERE id = 'hx'`, 'confirm'],
    ['by a look that locks', `SELECT 1 FROM inv.orders WHERE id = 'hx' FOR SHARE`, 'release'],
    ['together with the next one', 'SELECT 1 FROM inv.orders FOR UPDATE', 'extend'],
  ] as const)('an order, %s: only who needs it is told UNAVAILABLE', async (_how, lock, kind) => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const [holder, buyer] = [new Holder(alice), new Buyer(bob)];
    await pair.one.settle([holder.hold('1x1', 'hx', 600), holder.hold('1x1', 'hy', 600)]);
    const ask = () => (kind === 'extend' ? holder.extend('hx', 600) : holder[kind]('hx'));
    const batch = () => [buyer.buy('1x1'), ask(), buyer.buy('2x1')];
    const bought = { kind: 'receipt', replayed: false };
    const expected = [bought, expect.any(StoreUnavailable), bought];
    await sql.begin(async (inside) => {
      await inside.unsafe(lock);
      expect(await pair.one.settle(batch())).toMatchObject(expected);
      // From then on nobody waits: many batches take less than one wait for a lock.
      const later = Date.now();
      for (let round = 0; round < 20; round++) {
        expect(await pair.one.settle(batch())).toMatchObject(expected);
      }
      expect(Date.now() - later).toBeLessThan(20 * 300);
      expect(pair.events).toContainEqual([
        'rows are locked',
        expect.objectContaining({ upcs: [], orders: [{ user: 'alice', order: 'hx' }] }),
      ]);
    });
    expect(await settleOne(pair.one, ask())).not.toHaveProperty('code');
  });

  test('a transaction that needs one of them is set aside whole, and is done whole later', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    const [mine, theirs] = [new Buyer(alice), new Buyer(bob)];
    const asked = together(mine.buy('2x1', 'a'), mine.buy('1x1', 'b'), mine.buy('3x1', 'c'));
    const outcomes = await sql.begin(async (inside) => {
      await inside`SELECT 1 FROM inv.stock WHERE upc = 1 FOR UPDATE`;
      return await pair.one.settle([theirs.buy('2x1'), asked, theirs.buy('3x1')]);
    });
    const bought = { kind: 'receipt', replayed: false };
    expect(outcomes).toMatchObject([bought, expect.any(StoreUnavailable), bought]);
    expect(await levels(pair.other)).toMatchObject({ 1: 1_000, 2: 999, 3: 999 });
    expect(await settleOne(pair.one, asked)).toMatchObject({ outcomes: [bought, bought, bought] });
  });

  test('a login: who buys waits for nobody, and a logout is set aside', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    await pair.one.settle([
      { kind: 'login', login },
      { kind: 'login', login: other },
    ]);
    await sql.begin(async (inside) => {
      await inside`SELECT 1 FROM inv.logins WHERE token_hash = 'hash' FOR KEY SHARE`;
      expect(await settleOne(pair.one, new Buyer(login).buy('1x1'))).toMatchObject({
        kind: 'receipt',
      });
      const outcomes = await pair.one.settle([
        { kind: 'logout', session: login },
        new Buyer(other).buy('2x1'),
      ]);
      expect(outcomes).toMatchObject([expect.any(StoreUnavailable), { kind: 'receipt' }]);
    });
    const outcome = await settleOne(pair.one, { kind: 'logout', session: login });
    expect(outcome).toEqual({ kind: 'loggedOut' });
  });
});

test('each server sells its own catalogue out of the same stock', async () => {
  const address = await server.newDatabase();
  const open = (catalog: readonly Item[]) => openPostgresStore(address, catalog, () => undefined);
  const one = await open(ITEMS);
  const other = await open([
    { upc: 5, name: 'five', units: 1 },
    { upc: 6, name: 'six', units: 2 },
  ]);
  await one.settle([new Buyer().buy('5x400')]);
  expect(await levels(other)).toEqual({ 5: 600, 6: 2 });
  expect(await settleOne(other, new Buyer(bob).buy('1x1'))).toMatchObject({ code: 'NOITEM' });
  expect(await settleOne(one, new Buyer(bob).buy('6x1'))).toMatchObject({ code: 'NOITEM' });
  await one.close();
  await other.close();
});

describe('a look', () => {
  test('finds what others wrote since the last one: another server, an operator, a logout', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    let changed = 0;
    pair.one.observe({ changedOutside: () => changed++ });
    // The first one knows no earlier state: any level may have changed.
    await pair.one.look();
    expect(changed).toBe(1);
    await pair.other.settle([new Buyer().buy('2x3 5x1')]);
    const found = await pair.one.look();
    expect(found.othersWrote).toBe(true);
    expect([...found.levels].sort()).toEqual([
      [2, 997],
      [5, 999],
    ]);
    expect(await pair.one.look()).toMatchObject({ othersWrote: false, levels: new Map() });
    await sql`UPDATE inv.stock SET available = 5 WHERE upc = 1`;
    expect((await pair.one.look()).levels).toEqual(new Map([[1, 5]]));
    await pair.one.settle([{ kind: 'login', login }]);
    await pair.one.look();
    await pair.other.settle([{ kind: 'logout', session: login }]);
    expect(await pair.one.look()).toMatchObject({ othersWrote: true, levels: new Map() });
    expect(await pair.one.loginsGone(['hash'])).toEqual(['hash']);
    expect(changed).toBe(1);
  });

  test('misses nothing of a transaction that was under way during the last one', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    await pair.one.look();
    await sql.begin(async (inside) => {
      await inside`UPDATE inv.stock SET available = 5 WHERE upc = 1`;
      // Later transactions end before it.
      for (let count = 0; count < 3; count++) {
        await pair.other.settle([new Buyer().buy('2x1', `order-${count}`)]);
        expect((await pair.one.look()).levels).toEqual(new Map([[2, 999 - count]]));
      }
    });
    expect((await pair.one.look()).levels).toContainEqual([1, 5]);
  });

  test('over a new connection says that any level may have changed', async () => {
    await using pair = await openPair();
    await using sql = await operator(pair.address);
    await pair.one.look();
    let changed = 0;
    pair.one.observe({ changedOutside: () => changed++ });
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`;
    // Away for a moment, and a batch waits for it.
    await Promise.resolve(pair.one.look()).catch((error) =>
      expect(error).toBeInstanceOf(StoreUnavailable),
    );
    await pair.one.settle([{ kind: 'inventory', session: alice, upcs: [1] }]);
    await pair.one.look();
    expect(changed).toBe(1);
  });
});

test('a subscriber is told within a second what another server sold, and is closed when its login ends there', async () => {
  const address = await server.newDatabase();
  const start = async () => {
    const store = await openPostgresStore(address, ITEMS, () => undefined);
    const [log, version] = [() => undefined, '0.0.0-test'];
    const onFailure = (error: Error) => {
      throw error;
    };
    const inventory = new InventoryServer({ store, version, users: USERS, log, onFailure });
    return { inventory, port: await inventory.listen(0, '127.0.0.1') };
  };
  const [one, other] = [await start(), await start()];
  await using client = await RawClient.connect(one.port);
  await using buyer = await RawClient.connect(other.port);
  const { token } = await client.ask('HELLO 3').then(() => client.ask('LOGIN alice wonderland'));
  await buyer.ask(`RESUME ${token}`);
  await client.ask('SUBSCRIBE stock:2');
  expect((await client.reply()).values[2]).toBe('[{"upc":2,"available":1000}]');
  const start1 = performance.now();
  await buyer.ask('PURCHASE 2 3');
  expect((await client.reply()).values[2]).toBe('[{"upc":2,"available":997}]');
  expect(performance.now() - start1).toBeLessThan(1_000);
  await buyer.ask('LOGOUT');
  await client.untilClosed();
  await one.inventory.stop();
  await other.inventory.stop();
});
