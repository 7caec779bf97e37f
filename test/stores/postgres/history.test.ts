/** A database that is set back to an earlier state: it is noticed, and nothing is sold from it. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import { type Store, StoreRefused, StoreUnavailable } from '../../../src/inventory/store.ts';
import { acceptLoss } from '../../../src/stores/postgres/accept-loss.ts';
import { AcknowledgedFiles } from '../../../src/stores/postgres/acknowledged-files.ts';
import { KnownHistory, LOOK_EVERY_MS } from '../../../src/stores/postgres/history.ts';
import { FORGET_AFTER_MS, REFRESH_AFTER_MS } from '../../../src/stores/postgres/marks.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { giveClock, setClock as setDatabaseClock } from '../../support/postgres-clock.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { alice, Buyer, levels, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const ITEMS: readonly Item[] = [1, 2].map((upc) => ({ upc, name: `item ${upc}`, units: 100_000 }));

/** Milliseconds within which a server without requests must have looked. */
const LOOK = { timeout: 10_000, interval: 50 };

class Log {
  readonly lines: string[] = [];
  readonly report = (event: string, fields: object = {}): void => {
    this.lines.push(`${event} ${JSON.stringify(fields)}`);
  };
  get text(): string {
    return this.lines.join('\n');
  }
}

interface Shop extends AsyncDisposable {
  readonly address: string;
  readonly name: string;
  open(log?: Log, acknowledgedIn?: string): ReturnType<typeof openPostgresStore>;
  /** Keeps what the database is now. */
  keep(): Promise<void>;
  /** Makes it what was kept: connections that are open break, as in a failover. */
  setBack(): Promise<void>;
}

async function newShop(): Promise<Shop> {
  const address = await server.newDatabase();
  const name = new URL(address).pathname.slice(1);
  const stores: Store[] = [];
  const admin = (statements: string) => server.run(server.address('postgres'), statements);
  const end = (database: string) =>
    admin(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${database}'`,
    );
  return {
    address,
    name,
    open: async (log = new Log(), acknowledgedIn) => {
      const options = acknowledgedIn === undefined ? {} : { acknowledgedIn };
      const store = await openPostgresStore(address, ITEMS, log.report, options);
      stores.push(store);
      return store;
    },
    keep: async () => {
      await admin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await end(name);
      await admin(`CREATE DATABASE ${name}_kept TEMPLATE ${name}`);
      await admin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    },
    setBack: async () => {
      await admin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await end(name);
      await admin(`ALTER DATABASE ${name} RENAME TO ${name}_future`);
      await admin(`CREATE DATABASE ${name} TEMPLATE ${name}_kept`);
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store.close();
    },
  };
}

const buy = (store: Store) => settleOne(store, new Buyer(alice).buy('1x1'));
const sold = expect.objectContaining({ kind: 'receipt' });

/** Until the store sells again. */
async function untilSold(store: Store): Promise<void> {
  await expect.poll(() => buy(store).catch(() => null), LOOK).toEqual(sold);
}

describe('a database that is set back under a running server', () => {
  test('is not sold from, and the log names the batches', async () => {
    await using shop = await newShop();
    const log = new Log();
    const store = await shop.open(log);
    await buy(store);
    await shop.keep();
    await untilSold(store);
    await buy(store);
    await shop.setBack();
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    expect(log.text).toMatch(
      /database lost what was acknowledged .*"level":"error".*acknowledged its batch \d+ at .*knows only 1/,
    );
    expect(log.text).toMatch(/database away .*inv serve accept-loss/);
    // What /readyz and INFO say.
    expect(store.away).toMatch(/the database lost what was acknowledged: .*knows only 1/);
    // A reader is told nothing either.
    await expect(levels(store)).rejects.toThrow(StoreUnavailable);
    expect(await server.run(shop.address, 'SELECT count(*)::int FROM inv.orders')).toEqual([
      { count: 1 },
    ]);
  });

  test('is sold from when the right one is back', async () => {
    await using shop = await newShop();
    const store = await shop.open();
    await shop.keep();
    await untilSold(store);
    await shop.setBack();
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    const admin = server.address('postgres');
    await server.run(
      admin,
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${shop.name}'`,
    );
    await server.run(admin, `ALTER DATABASE ${shop.name} RENAME TO ${shop.name}_past`);
    await server.run(admin, `ALTER DATABASE ${shop.name}_future ALLOW_CONNECTIONS true`);
    await server.run(admin, `ALTER DATABASE ${shop.name}_future RENAME TO ${shop.name}`);
    await untilSold(store);
    expect(await levels(store)).toMatchObject({ 1: 99_998 });
  });

  test('is sold from when an operator has accepted the loss, and tells clients a new beginning', async () => {
    await using shop = await newShop();
    const store = await shop.open();
    const { identity } = store;
    await shop.keep();
    await untilSold(store);
    await shop.setBack();
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    const accepted = await acceptLoss(shop.address);
    expect(accepted.lost).toMatch(/acknowledged its batch/);
    await untilSold(store);
    expect(store.identity).toEqual({ shop: identity.shop, since: accepted.since });
    expect(store.identity.since).toBeGreaterThan(identity.since);
    // A second loss counts anew.
    expect(await levels(store)).toMatchObject({ 1: 99_999 });
    const other = await shop.open();
    expect(other.identity).toEqual(store.identity);
  });

  test('is noticed with the next batch when the connection does not break: rows of an older dump', async () => {
    await using shop = await newShop();
    const log = new Log();
    const store = await shop.open(log);
    await buy(store);
    const [dump] = await server.run(shop.address, 'SELECT * FROM inv.servers');
    await buy(store);
    // TRUNCATE and COPY, as a restore of the data alone does it.
    await server.run(
      shop.address,
      `BEGIN; TRUNCATE inv.orders; UPDATE inv.servers SET batch = ${dump.batch}; COMMIT`,
    );
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    expect(log.text).toMatch(/database lost what was acknowledged/);
  });

  test('is noticed by a reader, too', async () => {
    await using shop = await newShop();
    const store = await shop.open();
    await buy(store);
    await server.run(shop.address, 'UPDATE inv.servers SET batch = 0');
    await expect(levels(store)).rejects.toThrow(StoreUnavailable);
    await expect(settleOne(store, { kind: 'resume', tokenHash: 'x' })).rejects.toThrow(
      StoreUnavailable,
    );
  });

  test('is noticed when the marks themselves are gone', async () => {
    await using shop = await newShop();
    const log = new Log();
    const store = await shop.open(log);
    await buy(store);
    await server.run(shop.address, 'DELETE FROM inv.servers');
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    expect(log.text).toMatch(/knows none of them/);
  });

  test('is another shop: it is not sold from', async () => {
    await using shop = await newShop();
    const log = new Log();
    const store = await shop.open(log);
    await buy(store);
    await server.run(
      shop.address,
      `UPDATE inv.shop SET id = 'other'; UPDATE inv.servers SET format = 0`,
    );
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    expect(log.text).toMatch(/the database of another shop/);
    // It is not accused: its own servers are right about it.
    expect(await server.run(shop.address, 'SELECT lost FROM inv.shop')).toEqual([{ lost: null }]);
  });
});

test('the marks of others are looked at every second, also when the clock is set back', () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const history = new KnownHistory(null);
  expect(history.isDue).toBe(true);
  const identity = { shop: 'shop', since: 1 };
  history.learn({
    identity,
    lost: null,
    hasStandbys: false,
    now: 1,
    time: 1,
    readAt: 0,
    forgottenTo: 0,
    marks: new Map(),
  });
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(LOOK_EVERY_MS - 1);
  expect(history.isDue).toBe(false);
  vi.advanceTimersByTime(1);
  expect(history.isDue).toBe(true);
});

test('a batch that changed nothing, and looked at the marks, accuses nobody later', async () => {
  await using shop = await newShop();
  const log = new Log();
  const store = await shop.open(log);
  const buyer = new Buyer(alice);
  await settleOne(store, buyer.buy('1x1', 'mine'));
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  // It is time to look at the marks again, with each of the two.
  vi.advanceTimersByTime(2 * LOOK_EVERY_MS);
  const again = await settleOne(store, buyer.buy('1x1', 'mine'));
  expect(again).toMatchObject({ kind: 'receipt', replayed: true });
  vi.advanceTimersByTime(2 * LOOK_EVERY_MS);
  expect(await settleOne(store, buyer.order('mine'))).toMatchObject({ kind: 'receipt' });
  expect(log.text).toBe('');
});

describe('two servers', () => {
  test('one that saw the end stops both, also the other that saw an earlier one', async () => {
    await using shop = await newShop();
    const one = await shop.open();
    await buy(one);
    await shop.keep();
    await untilSold(one);
    await shop.setBack();
    // It knows nothing of what was lost.
    const other = await shop.open().catch((error) => error);
    await expect(buy(one)).rejects.toThrow(StoreUnavailable);
    if (other instanceof Error) expect(other.message).toMatch(/lost what was acknowledged/);
    else await expect(buy(other)).rejects.toThrow(StoreUnavailable);
    await expect(shop.open()).rejects.toThrow(StoreRefused);
    await expect(shop.open()).rejects.toThrow(/accept-loss/);
  });

  test('one remembers what the other acknowledged, after that one was killed', async () => {
    await using shop = await newShop();
    const witness = await shop.open();
    await shop.keep();
    const proxy = await TcpProxy.to(server.port);
    const killed = await openPostgresStore(
      shop.address.replace(`:${server.port}/`, `:${proxy.port}/`),
      ITEMS,
      () => undefined,
    );
    expect(await buy(killed)).toEqual(sold);
    await proxy[Symbol.asyncDispose]();
    const [{ now }] = await server.run(shop.address, 'SELECT clock_timestamp()::text AS now');
    // The witness looks once a second, though nobody asks it for anything.
    const looked = () =>
      server.run(
        shop.address,
        `SELECT query FROM pg_stat_activity WHERE datname = current_database()
          AND state = 'idle' AND query = 'EXECUTE history' AND query_start > '${now}'`,
      );
    await expect.poll(looked, LOOK).toHaveLength(1);
    await shop.setBack();
    await expect(buy(witness)).rejects.toThrow(StoreUnavailable);
    await killed.close();
  });
});

describe('a server whose clock is wrong', () => {
  afterEach(() => void vi.useRealTimers());

  /** The time of this process, as of a machine whose clock was set to it. */
  const setClock = (time: number) => vi.useFakeTimers({ toFake: ['Date'], now: time });
  const ahead = () => setClock(Date.now() + FORGET_AFTER_MS + 86_400_000);

  test('takes no mark away when it stops, and dates its own as the database does', async () => {
    await using shop = await newShop();
    const log = new Log();
    const running = await shop.open(log);
    await buy(running);
    ahead();
    const wrong = await shop.open();
    await buy(wrong);
    await wrong.close();
    vi.useRealTimers();
    expect(await buy(running)).toEqual(sold);
    expect(log.text).toBe('');
    const marks = `SELECT batch::int, abs(seen - ${Date.now()}) < 600000 AS seen,
      abs(ended - ${Date.now()}) < 600000 AS ended FROM inv.servers ORDER BY batch`;
    expect(await server.run(shop.address, marks)).toEqual([
      { batch: 1, seen: true, ended: true },
      { batch: 2, seen: true, ended: null },
    ]);
  });

  test('keeps its own mark when another one stops', async () => {
    await using shop = await newShop();
    const log = new Log();
    setClock(0);
    const wrong = await shop.open(log);
    expect(await buy(wrong)).toEqual(sold);
    vi.useRealTimers();
    await (await shop.open()).close();
    expect(await buy(wrong)).toEqual(sold);
    expect(log.text).toBe('');
  });

  test('misses what the marks lack all the same', async () => {
    await using shop = await newShop();
    const log = new Log();
    const store = await shop.open(log);
    await buy(store);
    await server.run(shop.address, 'DELETE FROM inv.servers');
    ahead();
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    expect(log.text).toMatch(/knows none of them/);
  });

  test('begins a new history at the time of the database', async () => {
    await using shop = await newShop();
    await shop.open();
    ahead();
    const { since } = await acceptLoss(shop.address);
    vi.useRealTimers();
    expect(Math.abs(since - Date.now())).toBeLessThan(600_000);
  });

  test('forgets nothing that servers of its machine have acknowledged', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    const first = await shop.open(new Log(), folder.path);
    await buy(first);
    await first.close();
    ahead();
    await (await shop.open(new Log(), folder.path)).close();
    expect(readdirSync(folder.path)).toHaveLength(1);
    await server.run(shop.address, 'DELETE FROM inv.servers');
    await expect(shop.open(new Log(), folder.path)).rejects.toThrow(/acknowledged its batch/);
  });
});

describe('a clock of the database that goes a month ahead', () => {
  afterEach(() => void vi.useRealTimers());
  const begin = Date.now();
  const LATER = begin + FORGET_AFTER_MS + 86_400_000;
  const shopWithClock = async () => {
    const shop = await newShop();
    await giveClock(server, shop.address, begin);
    return { shop, setClock: (ms: number) => setDatabaseClock(server, shop.address, ms) };
  };

  test.each([
    ['without files', false],
    ['with a file', true],
  ])('stops nobody whose mark another server deletes (%s)', async (_, hasFile) => {
    using folder = new TemporaryFolder();
    const { shop, setClock } = await shopWithClock();
    await using _shop = shop;
    const [log, other] = [new Log(), new Log()];
    const seller = await shop.open(log, hasFile ? folder.path : undefined);
    const ends = await shop.open(other);
    const witness = await shop.open(other);
    await buy(seller);
    await buy(seller);
    await buy(ends);
    // Nobody looks meanwhile, and dates his mark anew.
    vi.useFakeTimers({ toFake: ['performance'] });
    await setClock(LATER);
    await buy(ends);
    await ends.close();
    const left = 'SELECT batch::int FROM inv.servers';
    expect(await server.run(shop.address, left)).toEqual([{ batch: 2 }]);
    vi.useRealTimers();
    expect(await buy(seller)).toEqual(sold);
    // It goes on from where it was, so that nobody misses its batches.
    expect(await server.run(shop.address, `${left} WHERE batch > 2`)).toHaveLength(1);
    expect(await buy(witness)).toEqual(sold);
    const late = await shop.open(other, folder.path);
    expect(await buy(late)).toEqual(sold);
    expect(log.text + other.text).not.toMatch(/database lost what was acknowledged/);
  });

  test('is followed by the marks of servers that only look', async () => {
    const { shop, setClock } = await shopWithClock();
    await using _shop = shop;
    const log = new Log();
    const idle = await shop.open(log);
    await buy(idle);
    const seen = 'SELECT seen::float8 FROM inv.servers';
    await setClock(begin + REFRESH_AFTER_MS + 1);
    await expect
      .poll(() => server.run(shop.address, seen), LOOK)
      .toEqual([{ seen: begin + REFRESH_AFTER_MS + 1 }]);
    await setClock(LATER);
    await expect.poll(() => server.run(shop.address, seen), LOOK).toEqual([{ seen: LATER }]);
    const other = await shop.open(log);
    await buy(other);
    await other.close();
    expect(await buy(idle)).toEqual(sold);
    // Set right, the clock takes no mark back in time.
    await setClock(begin);
    expect(await buy(idle)).toEqual(sold);
    expect(await server.run(shop.address, `${seen} WHERE ended IS NULL`)).toEqual([
      { seen: LATER },
    ]);
    expect(log.text).toBe('');
  });

  test('and is set right again: nobody misses the marks that were deleted meanwhile', async () => {
    using folder = new TemporaryFolder();
    const { shop, setClock } = await shopWithClock();
    await using _shop = shop;
    const [first, witness] = [await shop.open(new Log(), folder.path), await shop.open()];
    await buy(first);
    await first.close();
    await untilSold(witness);
    await setClock(LATER);
    await (await shop.open()).close();
    await setClock(begin);
    expect(readdirSync(folder.path)).toHaveLength(1);
    expect(await buy(witness)).toEqual(sold);
    expect(await buy(await shop.open(new Log(), folder.path))).toEqual(sold);
    expect(readdirSync(folder.path)).toHaveLength(1);
  });

  test('hides no loss: marks that no server deleted are missed', async () => {
    const { shop, setClock } = await shopWithClock();
    await using _shop = shop;
    const log = new Log();
    const store = await shop.open(log);
    await buy(store);
    vi.useFakeTimers({ toFake: ['performance'] });
    await setClock(LATER);
    await server.run(shop.address, 'DELETE FROM inv.servers');
    vi.useRealTimers();
    await expect(buy(store)).rejects.toThrow(StoreUnavailable);
    expect(log.text).toMatch(/knows none of them/);
  });
});

describe('what a server acknowledged outlives it', () => {
  test('in a file: a database that was set back between two starts is refused', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    const first = await shop.open(new Log(), folder.path);
    await buy(first);
    await shop.keep();
    await untilSold(first);
    await first.close();
    expect(readdirSync(folder.path)).toHaveLength(1);
    await shop.setBack();
    await expect(shop.open(new Log(), folder.path)).rejects.toThrow(/acknowledged its batch/);
    await acceptLoss(shop.address);
    const later = await shop.open(new Log(), folder.path);
    expect(await buy(later)).toEqual(sold);
  });

  test('a start beside a server that sells all the time accuses nobody', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    const seller = await shop.open(new Log(), folder.path);
    let isSelling = true;
    const buyer = new Buyer(alice);
    const selling = (async () => {
      while (isSelling) expect(await settleOne(seller, buyer.buy('2x1'))).toBeDefined();
    })();
    for (let start = 0; start < 25; start++)
      await (await shop.open(new Log(), folder.path)).close();
    isSelling = false;
    await selling;
  });

  test('files of another history, or that a power cut left, are of no harm', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    const first = await shop.open(new Log(), folder.path);
    await buy(first);
    const { shop: id, since } = first.identity;
    await first.close();
    for (const [name, text] of [
      ['nuls', '\0'.repeat(40)],
      ['empty', ''],
      ['cut', `${String(since).padStart(16)}   `],
      ['NaN', `${since} NaN 5 me\n`],
      ['older', `${String(since - 1).padStart(16)} ${'9'.padStart(16)} ${'5'.padStart(16)} me\n`],
    ] as const) {
      writeFileSync(folder.file(`${id}.${name}`), text);
    }
    const second = await shop.open(new Log(), folder.path);
    expect(await buy(second)).toEqual(sold);
  });

  test('in a file, which is removed when the database has forgotten the mark', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    const store = await shop.open();
    const now = Date.now();
    const remember = (id: string, seen: number) => {
      const files = new AcknowledgedFiles(folder.path, () => undefined);
      files.write(store.identity, { id, name: 'host 1', batch: 7, seen });
      files.close();
    };
    remember('old', now - FORGET_AFTER_MS - 60_000);
    remember('marked', now - FORGET_AFTER_MS - 60_000);
    await server.run(
      shop.address,
      `INSERT INTO inv.servers (id, name, batch, seen, format) VALUES ('marked', 'host 1', 7, 0, 10);
      UPDATE inv.shop SET forgotten_to = ${now - FORGET_AFTER_MS}`,
    );
    const kept = () => readdirSync(folder.path).map((name) => name.split('.')[1]);
    await shop.open(new Log(), folder.path);
    expect(kept()).toEqual(['marked']);
    remember('younger', now - FORGET_AFTER_MS + 60_000);
    await expect(shop.open(new Log(), folder.path)).rejects.toThrow(/acknowledged its batch 7/);
    expect(kept().sort()).toEqual(['marked', 'younger']);
  });

  test('in a file that is made anew when somebody removed it', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    const store = await shop.open(new Log(), folder.path);
    await buy(store);
    const [file] = readdirSync(folder.path);
    rmSync(folder.file(file as string));
    await buy(store);
    expect(readFileSync(folder.file(file as string), 'utf8')).toMatch(/^ *\d+ +2 /);
  });

  test('in a file that the server itself never removes, though its mark was deleted', () => {
    using folder = new TemporaryFolder();
    const history = new KnownHistory(new AcknowledgedFiles(folder.path, () => undefined));
    const state = {
      identity: { shop: 'shop', since: 1 },
      lost: null,
      hasStandbys: false,
      now: 9,
      time: 9,
      readAt: 0,
      forgottenTo: 9,
      marks: new Map(),
    };
    history.learn(state);
    history.acknowledge({ id: 'own', name: 'host 1', batch: 7, seen: 5 });
    const other = new AcknowledgedFiles(folder.path, () => undefined);
    other.write(state.identity, { id: 'other', name: 'host 2', batch: 7, seen: 5 });
    other.close();
    history.forgetOld(state, history.acknowledgedHere());
    expect(readdirSync(folder.path)).toEqual(['shop.own']);
    expect(history.acknowledgedIn(state.identity)).toBe(7);
    history.close();
  });

  test('a folder that cannot be made stops no sale, and is logged once', async () => {
    await using shop = await newShop();
    using folder = new TemporaryFolder();
    writeFileSync(folder.file('file'), '');
    const log = new Log();
    const store = await shop.open(log, folder.file('file/folder'));
    expect(await buy(store)).toEqual(sold);
    expect(await buy(store)).toEqual(sold);
    expect(log.lines.filter((line) => line.includes('are not kept'))).toHaveLength(1);
  });

  test('a server that stopped in order leaves its mark when it has sold, and none when it has not', async () => {
    await using shop = await newShop();
    const [idle, seller] = [await shop.open(), await shop.open()];
    await buy(seller);
    await idle.close();
    await seller.close();
    expect(
      await server.run(shop.address, 'SELECT batch::int, ended > 0 AS ended FROM inv.servers'),
    ).toEqual([{ batch: 1, ended: true }]);
  });
});
