import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { commands, type Plain, type RawClient } from '../support/raw-client.ts';
import { serve, serveToEnd } from '../support/serve-process.ts';
import { buyUntilLogIsMoved } from './long-log.ts';

/** A catalogue of one item with many units. */
function manyUnits(folder: TemporaryFolder): string[] {
  writeFileSync(folder.file('items.json'), '[{"upc":1,"name":"one","units":1000000}]');
  return ['--catalog', folder.file('items.json')];
}

/** Sends purchases without end, and collects the ids of the orders that were answered. */
class Load {
  readonly acknowledged: string[] = [];
  readonly #client: RawClient;
  readonly #prefix: string;
  #sent = 0;
  #enough: () => void = () => undefined;

  constructor(client: RawClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** Until the connection ends. 64 orders are on their way at any time. */
  async run(): Promise<void> {
    try {
      for (;;) {
        await this.#client.send(
          commands(
            ...Array.from(
              { length: 64 },
              () => `PURCHASE 1 1 ORDER ${this.#prefix}${this.#sent++}`,
            ),
          ),
        );
        for (const reply of await this.#client.replies(64)) this.#acknowledge(reply);
      }
    } catch {
      // The server is gone.
    }
    const rest = this.#client.replies(64).catch(() => []);
    for (const reply of await rest) this.#acknowledge(reply);
  }

  async until(count: number): Promise<void> {
    if (this.acknowledged.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#enough = () => this.acknowledged.length >= count && resolve();
    });
  }

  #acknowledge(reply: Plain): void {
    if (!(reply instanceof ErrorReply)) this.acknowledged.push(reply.order);
    this.#enough();
  }
}

test('stock, logins and orders are there again after a restart', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('shop.db');
  await using first = await serve(data);
  await using before = await first.connect();
  await before.send(
    commands(
      'HELLO 3',
      'LOGIN alice wonderland',
      'PURCHASE 1001 2 1006 10 ORDER a',
      'PURCHASE 1006 1 ORDER b',
    ),
  );
  const [, { token, since }, bought, refused] = await before.replies(4);
  expect(refused).toEqual(new ErrorReply('NOSTOCK', 'too little stock: 1006 asked 1 available 0'));
  expect(await first.stop()).toMatchObject({ code: 0, signal: null });

  await using second = await serve(data);
  expect(second.greeting[2]).toBe('restored  14 items, 1 login');
  await using after = await second.connect();
  await after.send(
    commands(
      'HELLO 3',
      `RESUME ${token}`,
      'INVENTORY 1001 1006',
      'ORDER a',
      'PURCHASE 1006 1 ORDER b',
      'ORDERS',
      'LOGOUT',
    ),
  );
  expect((await after.replies(7)).slice(1)).toEqual([
    { user: 'alice', since },
    [expect.objectContaining({ available: 48 }), expect.objectContaining({ available: 0 })],
    { ...bought, replayed: true, state: 'bought' },
    { code: 'NOSTOCK', message: expect.stringContaining(`${refused.message} (refused at 20`) },
    [
      expect.objectContaining({ order: 'b', refusal: `NOSTOCK ${refused.message}` }),
      { order: 'a', at: bought.at, lines: bought.lines, refusal: null, state: 'bought' },
    ],
    'OK',
  ]);
  expect((await second.stop('SIGINT')).code).toBe(0);

  await using third = await serve(data);
  expect(third.greeting[2]).toBe('restored  14 items, 0 logins');
  await using late = await third.connect();
  expect(await late.ask(`RESUME ${token}`)).toMatchObject({ code: 'NOSESSION' });
});

test('the data file holds no token and no password', async () => {
  using folder = new TemporaryFolder();
  await using server = await serve(folder.file('shop.db'));
  await using client = await server.connect();
  await client.send(commands('HELLO 3', 'LOGIN alice wonderland'));
  const [, { token }] = await client.replies(2);
  await server.stop();
  const bytes = readFileSync(folder.file('shop.db'), 'latin1');
  expect(bytes).toContain('alice');
  expect(bytes).not.toContain(token);
  expect(bytes).not.toContain('wonderland');
});

test('a long log is moved into the file while the server runs, and nothing of it is left', async () => {
  using folder = new TemporaryFolder();
  const bought = await buyUntilLogIsMoved(folder);
  expect(existsSync(folder.file('inventory.db-wal'))).toBe(false);
  using db = new DatabaseSync(folder.file('inventory.db'), { readOnly: true });
  expect(db.prepare('SELECT count(*) AS orders FROM orders').get()).toEqual({ orders: bought });
});

describe('under load', () => {
  test('SIGTERM loses no reply and exits 0', async () => {
    using folder = new TemporaryFolder();
    const [data, catalog] = [folder.file('shop.db'), manyUnits(folder)];
    await using server = await serve(data, ...catalog);
    const loads = await Promise.all(
      ['a', 'b', 'c'].map(async (prefix) => new Load(await server.login(), prefix)),
    );
    const runs = loads.map((load) => load.run());
    await Promise.all(loads.map((load) => load.until(200)));
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    await Promise.all(runs);

    await using again = await serve(data, ...catalog);
    await using client = await again.login();
    const [{ available }] = await client.ask('INVENTORY 1');
    // Every order that was settled was answered, too.
    expect(1_000_000 - available).toBe(loads.flatMap(({ acknowledged }) => acknowledged).length);
  });

  test('kill -9 loses nothing that was acknowledged, and leaves no lock', async () => {
    using folder = new TemporaryFolder();
    const [data, catalog] = [folder.file('shop.db'), manyUnits(folder)];
    const acknowledged: string[] = [];
    for (const round of ['x', 'y']) {
      await using server = await serve(data, ...catalog);
      const loads = await Promise.all(
        ['a', 'b', 'c'].map(async (prefix) => new Load(await server.login(), round + prefix)),
      );
      const runs = loads.map((load) => load.run());
      await Promise.all(loads.map((load) => load.until(200)));
      expect(await server.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
      await Promise.all(runs);
      acknowledged.push(...loads.flatMap((load) => load.acknowledged));
    }

    await using server = await serve(data, ...catalog);
    await using client = await server.login();
    const total = acknowledged.length;
    await client.send(commands(...acknowledged.map((id) => `ORDER ${id}`), 'INVENTORY 1'));
    const replies = await client.replies(total + 1);
    expect(replies.slice(0, total).map(({ order, replayed }) => [order, replayed])).toEqual(
      acknowledged.map((id) => [id, true]),
    );
    // Orders that were settled and not answered may add to those: 64 of each connection at most.
    const sold = 1_000_000 - replies[total][0].available;
    expect(sold).toBeGreaterThanOrEqual(total);
    expect(sold).toBeLessThanOrEqual(total + 2 * 3 * 64);
  });
});

test('a write-ahead log that lost its end after a crash is noticed', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('shop.db');
  await using server = await serve(data);
  await using client = await server.login();
  for (let index = 0; index < 20; index++) await client.ask('PURCHASE 1001 1');
  await server.stop('SIGKILL');
  const log = readFileSync(`${data}-wal`);
  truncateSync(`${data}-wal`, log.length / 2);
  const ended = await serveToEnd('--data', data, '--port', '0');
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(ended.stderr).toMatch(/holds \d+ batches of orders, but 21 were acknowledged: /);
  expect(readFileSync(`${data}-wal`)).toEqual(log.subarray(0, log.length / 2));
  // Nothing was spoilt by the refused start: with the whole log it is all there.
  writeFileSync(`${data}-wal`, log);
  await using again = await serve(data);
  await using late = await again.login();
  expect(await late.ask('INVENTORY 1001')).toMatchObject([{ available: 30 }]);
});
