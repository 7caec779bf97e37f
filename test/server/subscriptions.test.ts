/** SUBSCRIBE and UNSUBSCRIBE over the wire. */
import { Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Request } from '../../src/inventory/model.ts';
import { USERS } from '../../src/inventory/users.ts';
import { fromWire } from '../../src/protocol/encoder.ts';
import {
  MAX_CHANNELS,
  MAX_FIRST_LEVELS,
  MAX_MESSAGES_PER_SECOND,
} from '../../src/protocol/limits.ts';
import { Push } from '../../src/protocol/reply-decoder.ts';
import { openSqliteOperatorData } from '../../src/stores/sqlite/sqlite-operator-data.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import { commands, type RawClient } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

const catalog = [
  { upc: 1, name: 'one', units: 1_000 },
  { upc: 2, name: 'two', units: 20 },
];

const manyItems = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ upc: index + 1, name: 'x', units: 1_000 }));

type Levels = { upc: number; available: number; gone?: true }[];

/** The next thing that is no reply: its kind, channel and content. */
async function pushed(client: RawClient): Promise<[string, string, unknown]> {
  const value = await client.reply();
  const [kind, channel, content] = value instanceof Push ? value.values : value;
  return [kind, channel, kind === 'message' ? JSON.parse(fromWire(content)) : content];
}

/** Subscribes, reads the confirmations, and returns the first message of each channel. */
async function subscribed(client: RawClient, ...channels: string[]): Promise<Levels[]> {
  await client.send(commands(`SUBSCRIBE ${channels.join(' ')}`));
  for (const _ of channels) expect((await pushed(client))[0]).toBe('subscribe');
  const first: Levels[] = [];
  for (const _ of channels) first.push((await pushed(client))[2] as Levels);
  return first;
}

/** Reads messages until they have told `level` of an item. Returns them. */
async function until(client: RawClient, upc: number, level: number): Promise<Levels[]> {
  const read: Levels[] = [];
  for (;;) {
    const [, , levels] = (await pushed(client)) as [string, string, Levels];
    read.push(levels);
    if (levels.some((one) => one.upc === upc && one.available === level)) return read;
  }
}

async function loginWithToken(server: TestServer, token?: string) {
  const client = await server.connect();
  await client.ask('HELLO 3');
  const asked = await client.ask(
    token === undefined ? 'LOGIN alice wonderland' : `RESUME ${token}`,
  );
  return Object.assign(client, { token: token ?? (asked.token as string) });
}

describe('a subscriber', () => {
  test('is told what there is, and then what has changed', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await using buyer = await server.login('bob');
    await client.send(commands('SUBSCRIBE stock stock:002'));
    expect(await pushed(client)).toEqual(['subscribe', 'stock', 1]);
    expect(await pushed(client)).toEqual(['subscribe', 'stock:002', 2]);
    const [one, two] = catalog.map(({ upc, units }) => ({ upc, available: units }));
    expect(await pushed(client)).toEqual(['message', 'stock', [one, two]]);
    expect(await pushed(client)).toEqual(['message', 'stock:002', [two]]);

    await buyer.ask('PURCHASE 1 4');
    expect(await pushed(client)).toEqual(['message', 'stock', [{ upc: 1, available: 996 }]]);
    await buyer.ask('PURCHASE 2 5');
    expect(await pushed(client)).toEqual(['message', 'stock', [{ upc: 2, available: 15 }]]);
    expect(await pushed(client)).toEqual(['message', 'stock:002', [{ upc: 2, available: 15 }]]);
    // In RESP3 all else goes on; a refusal changes no level.
    expect(await client.ask('PURCHASE 2 16')).toMatchObject({ code: 'NOSTOCK' });
    expect(await client.ask('PING')).toBe('PONG');
  });

  test('who subscribes again is told nothing twice', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await subscribed(client, 'stock:1');
    await client.send(commands('SUBSCRIBE stock:1 stock:1', 'PURCHASE 1 1'));
    expect(await pushed(client)).toEqual(['subscribe', 'stock:1', 1]);
    expect(await pushed(client)).toEqual(['subscribe', 'stock:1', 1]);
    expect(await client.reply()).toMatchObject({ lines: [{ available: 999 }] });
    expect(await pushed(client)).toEqual(['message', 'stock:1', [{ upc: 1, available: 999 }]]);
    await using buyer = await server.login('bob');
    await buyer.ask('PURCHASE 1 1');
    expect(await pushed(client)).toEqual(['message', 'stock:1', [{ upc: 1, available: 998 }]]);
  });

  test('gets what there is in parts, at most so many a second, and each level once', async () => {
    const items = 3 * MAX_FIRST_LEVELS + 7;
    await using server = await startServer({ catalog: manyItems(items) });
    await using client = await server.login();
    const start = performance.now();
    const [first = []] = await subscribed(client, 'stock');
    const parts = [first];
    while (parts.flat().length < items) parts.push((await pushed(client))[2] as Levels);
    expect(parts.map(({ length }) => length)).toEqual([1_000, 1_000, 1_000, 7]);
    expect(parts.flat().map(({ upc }) => upc)).toEqual(manyItems(items).map(({ upc }) => upc));
    const least = (1_000 / MAX_MESSAGES_PER_SECOND) * (parts.length - 1);
    expect(performance.now() - start).toBeGreaterThan(least);
  });

  test('is told of many purchases in few messages, the last level always', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await using buyer = await server.login('bob');
    await subscribed(client, 'stock', 'stock:1');
    const start = performance.now();
    const times: number[] = [];
    const read = (async () => {
      for (;;) {
        const [, channel, levels] = (await pushed(client)) as [string, string, Levels];
        if (channel !== 'stock:1') continue;
        times.push(performance.now());
        if (levels[0]?.available === 0) return;
      }
    })();
    for (let left = 1_000; left > 4; left -= 4) await buyer.ask('PURCHASE 1 4');
    // However fast they were, the last one comes behind a message.
    await vi.waitFor(() => expect(times.length).toBeGreaterThan(0), { timeout: 10_000 });
    await buyer.ask('PURCHASE 1 4');
    await read;
    expect(times.length).toBeGreaterThan(1);
    const seconds = Math.ceil((performance.now() - start) / 1_000);
    expect(times.length).toBeLessThanOrEqual(seconds * MAX_MESSAGES_PER_SECOND);
  });

  test('gets no message in the middle of a long reply', async () => {
    await using server = await startServer({ catalog: manyItems(5_000) });
    await using client = await server.login();
    await using buyer = await server.login('bob');
    await subscribed(client, 'stock:1');
    for (let count = 0; count < 10; count++) {
      await client.send(commands('INVENTORY'));
      await buyer.ask('PURCHASE 1 1');
    }
    let replies = 0;
    while (replies < 10) {
      const value = await client.reply();
      if (value instanceof Push) continue;
      expect(value).toHaveLength(5_000);
      replies++;
    }
  });

  test('is told nothing that is not on disk', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await using buyer = await server.login('bob');
    await subscribed(client, 'stock');
    using db = new DatabaseSync(server.data);
    db.exec('BEGIN IMMEDIATE; UPDATE stock SET available = 500 WHERE upc = 1');
    const bought = buyer.ask('PURCHASE 1 1');
    // Its reply comes from the store, which has settled nothing meanwhile.
    expect(await client.ask('INVENTORY 1')).toMatchObject([{ available: 1_000 }]);
    db.exec('COMMIT');
    expect(await bought).toMatchObject({ lines: [{ available: 499 }] });
    const told = await until(client, 1, 499);
    expect(told.flat().every(({ available }) => available < 1_000)).toBe(true);
  });
});

describe('changes that come from elsewhere', () => {
  test("an operator's, while nobody asks for anything, within a second", async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await subscribed(client, 'stock');
    using db = new DatabaseSync(server.data);
    const start = performance.now();
    db.exec('UPDATE stock SET available = 7 WHERE upc = 2');
    expect(await pushed(client)).toEqual(['message', 'stock', [{ upc: 2, available: 7 }]]);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('a catalogue: what is new, what is gone, and what comes back', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await subscribed(client, 'stock', 'stock:2');
    const three = { upc: 3, name: 'three', units: 3 };
    await server.server.changeCatalog([catalog[0] as Item, three]);
    const gone = { upc: 2, available: 0, gone: true };
    const message = await pushed(client);
    expect(message).toEqual(['message', 'stock', [{ upc: 3, available: 3 }, gone]]);
    expect(await pushed(client)).toEqual(['message', 'stock:2', [gone]]);

    // Who comes now is told of no item that is gone, and cannot subscribe to it.
    await using other = await server.login('bob');
    expect(await subscribed(other, 'stock')).toEqual([
      [
        { upc: 1, available: 1_000 },
        { upc: 3, available: 3 },
      ],
    ]);
    expect(await other.ask('SUBSCRIBE stock:2')).toMatchObject({ code: 'NOITEM' });
    await server.server.changeCatalog([...catalog, three]);
    expect(await pushed(client)).toEqual(['message', 'stock', [{ upc: 2, available: 20 }]]);
    expect(await pushed(client)).toEqual(['message', 'stock:2', [{ upc: 2, available: 20 }]]);
  });

  test('a catalogue: another name comes with the level, then and from then on', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await subscribed(client, 'stock', 'stock:2');
    await server.server.changeCatalog([
      catalog[0] as Item,
      { upc: 2, name: 'zwölf', code: '002', units: 20 },
    ]);
    const renamed = { upc: 2, available: 20, name: 'zwölf', code: '002' };
    expect(await pushed(client)).toEqual(['message', 'stock', [renamed]]);
    expect(await pushed(client)).toEqual(['message', 'stock:2', [renamed]]);
    await using buyer = await server.login('bob');
    await buyer.ask('PURCHASE 2 1 1 1');
    const sold = { ...renamed, available: 19 };
    expect(await pushed(client)).toEqual(['message', 'stock', [sold, { upc: 1, available: 999 }]]);
    expect(await pushed(client)).toEqual(['message', 'stock:2', [sold]]);
  });
});

test('a reader that stops reading costs one message, and is told the present levels when it reads again', async () => {
  const upcs = Array.from({ length: 5_000 }, (_, index) => 9_000_000_000_000_000 + index);
  await using server = await startServer({
    catalog: upcs.map((upc) => ({ upc, name: 'x', units: 1_000 })),
  });
  await using client = await server.login();
  await using buyer = await server.login('bob');
  /** Bytes that the server's end of a subscriber keeps, and how often it was written to since. */
  let [kept, writes] = [0, 0];
  const write = Socket.prototype.write;
  using _ = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (
    this: Socket,
    ...args: unknown[]
  ) {
    const more = write.apply(this, args as never);
    if (this.localPort === server.port && Buffer.isBuffer(args[0])) {
      kept = this.writableLength;
      writes++;
    }
    return more;
  });
  let bought = 0;
  const buyAll = async () => {
    bought++;
    for (let from = 0; from < upcs.length; from += 500) {
      const lines = upcs.slice(from, from + 500).map((upc) => `${upc} 1`);
      await buyer.ask(`PURCHASE ${lines.join(' ')}`);
    }
  };
  await client.send(commands('SUBSCRIBE stock'));
  client.socket.pause();
  // Until what the operating system takes is full.
  while (kept === 0) await buyAll();
  const written = writes;
  expect(kept).toBeLessThan(50 * upcs.length);
  for (let count = 0; count < 5; count++) await buyAll();
  expect(writes).toBe(written);
  expect(server.server.memory.total).toBe(0);

  client.socket.resume();
  const levels = new Map<number, number>();
  const isRight = () =>
    levels.size === upcs.length && [...levels.values()].every((level) => level === 1_000 - bought);
  while (!isRight()) {
    const [kind, , content] = await pushed(client);
    if (kind !== 'message') continue;
    for (const { upc, available } of content as Levels) levels.set(upc, available);
  }
  expect(server.logged.map(({ event }) => event)).not.toContain('client cut');
});

describe('in RESP2', () => {
  test('messages are arrays, and a subscribed connection asks for little else', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.connect();
    await client.ask('AUTH alice wonderland');
    await client.send(commands('SUBSCRIBE stock:1'));
    expect(await client.reply()).toEqual(['subscribe', 'stock:1', 1]);
    expect(await client.reply()).toEqual(['message', 'stock:1', '[{"upc":1,"available":1000}]']);
    expect(client.received).not.toContain('>');

    expect(await client.ask('WHOAMI')).toMatchObject({
      code: 'ERR',
      message: expect.stringMatching(/^Can't execute 'whoami': only SUBSCRIBE \/ UNSUBSCRIBE/),
    });
    expect(await client.ask('HELLO 3')).toMatchObject({ code: 'ERR' });
    expect(await client.ask('PING')).toEqual(['pong', '']);
    expect(await client.ask('PING there')).toEqual(['pong', 'there']);
    expect(await client.ask('UNSUBSCRIBE')).toEqual(['unsubscribe', 'stock:1', 0]);
    expect(await client.ask('PING')).toBe('PONG');
    expect(await client.ask('ACL WHOAMI')).toBe('alice');

    expect(await client.ask('SUBSCRIBE stock:2')).toEqual(['subscribe', 'stock:2', 1]);
    expect((await client.reply())[0]).toBe('message');
    expect(await client.ask('RESET')).toBe('RESET');
    expect(await client.ask('PING')).toBe('PONG');
    expect(server.server.subscriptions.subscribers).toBe(0);
    await client.ask('AUTH alice wonderland');
    await client.ask('SUBSCRIBE stock:2');
    expect((await client.reply())[0]).toBe('message');
    expect(await client.ask('QUIT')).toBe('OK');
  });
});

describe('refused', () => {
  test('channels that there are not, and all that is named with them', async () => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    for (const [line, code, message] of [
      ['SUBSCRIBE', 'ERR', 'usage: SUBSCRIBE channel [channel ...]'],
      ['SUBSCRIBE stock sales', 'ERR', "unknown channel 'sales'"],
      ['SUBSCRIBE STOCK', 'ERR', "unknown channel 'STOCK'"],
      ['SUBSCRIBE stock:', 'ERR', "a UPC is a whole number from 1 to 9007199254740991, got ''"],
      ['SUBSCRIBE stock stock:x', 'ERR', 'a UPC is a whole number'],
      ['SUBSCRIBE stock stock:3', 'NOITEM', '3'],
    ] as const) {
      const refused = { code, message: expect.stringContaining(message) };
      expect(await client.ask(line)).toMatchObject(refused);
      expect(await client.ask('PING')).toBe('PONG');
    }
    expect(server.server.subscriptions.channels).toBe(0);
  });

  test('without a login, and inside MULTI', async () => {
    await using server = await startServer({ catalog });
    await using stranger = await server.connect();
    expect(await stranger.ask('SUBSCRIBE stock')).toMatchObject({ code: 'NOAUTH' });
    expect(await stranger.ask('UNSUBSCRIBE')).toMatchObject({ code: 'NOAUTH' });
    await using client = await server.login();
    await client.ask('MULTI');
    const refused = { message: 'SUBSCRIBE inside MULTI is not allowed' };
    expect(await client.ask('SUBSCRIBE stock')).toMatchObject(refused);
    expect(await client.ask('EXEC')).toMatchObject({ code: 'EXECABORT' });
  });

  test('more channels than a connection may have', async () => {
    await using server = await startServer({ catalog: manyItems(MAX_CHANNELS + 1) });
    await using client = await server.login();
    const names = Array.from({ length: MAX_CHANNELS + 1 }, (_, index) => `stock:${index + 1}`);
    for (const half of [names.slice(0, 500), names.slice(500, -1)])
      await subscribed(client, ...half);
    const refused = { code: 'ERR', message: expect.stringContaining('at most 1024 channels') };
    expect(await client.ask(`SUBSCRIBE ${names.at(-1)}`)).toMatchObject(refused);
    expect(server.server.figures().Stats).toMatchObject({ pubsub_channels: MAX_CHANNELS });
  });
});

test('very many channels of a connection are in the memory budget, and a usual number is not', async () => {
  await using server = await startServer({ catalog: manyItems(MAX_CHANNELS) });
  await using client = await server.login();
  const { memory, subscriptions } = server.server;
  const names = Array.from({ length: MAX_CHANNELS }, (_, index) => `stock:${index + 1}`);
  await subscribed(client, ...names.slice(0, 64));
  expect(memory.total).toBe(0);
  await subscribed(client, ...names.slice(64, -1));
  await vi.waitFor(() => expect(memory.total).toBe(192 * (MAX_CHANNELS - 1 - 64)));
  await client.send(commands('UNSUBSCRIBE', 'PING'));
  await vi.waitFor(() => expect(subscriptions.channels).toBe(0));
  expect(memory.total).toBe(0);
});

test('UNSUBSCRIBE: of one, of an unknown one, of all, of nothing', async () => {
  await using server = await startServer({ catalog });
  await using client = await server.login();
  await subscribed(client, 'stock', 'stock:1', 'stock:2');
  await client.send(commands('UNSUBSCRIBE stock:1 none', 'UNSUBSCRIBE', 'UNSUBSCRIBE'));
  expect(await pushed(client)).toEqual(['unsubscribe', 'stock:1', 2]);
  expect(await pushed(client)).toEqual(['unsubscribe', 'none', 2]);
  expect(await pushed(client)).toEqual(['unsubscribe', 'stock', 1]);
  expect(await pushed(client)).toEqual(['unsubscribe', 'stock:2', 0]);
  expect(await pushed(client)).toEqual(['unsubscribe', null, 0]);
  await client.ask('PURCHASE 1 1');
  expect(await client.ask('PING')).toBe('PONG');
  // What was told before is told anew to who comes back.
  expect(await subscribed(client, 'stock:1')).toEqual([[{ upc: 1, available: 999 }]]);
});

describe('a login that ends', () => {
  test('on its own connection: LOGOUT and RESET end the subscriptions', async () => {
    await using server = await startServer({ catalog });
    for (const end of ['LOGOUT', 'RESET']) {
      await using client = await loginWithToken(server);
      await subscribed(client, 'stock');
      expect(await client.ask(end)).toBe(end === 'RESET' ? 'RESET' : 'OK');
      expect(server.server.subscriptions.subscribers).toBe(0);
      expect(await client.ask('PING')).toBe('PONG');
    }
  });

  test('on another connection: the connection is closed', async () => {
    await using server = await startServer({ catalog });
    await using client = await loginWithToken(server);
    await using same = await loginWithToken(server, client.token);
    await using other = await loginWithToken(server);
    await subscribed(client, 'stock');
    await subscribed(other, 'stock');
    expect(await same.ask('LOGOUT')).toBe('OK');
    await client.untilClosed();
    expect(await other.ask('PING')).toBe('PONG');
    expect(server.server.subscriptions.subscribers).toBe(1);
  });

  test('by the operator, while nobody asks for anything: within a second', async () => {
    await using server = await startServer({ catalog });
    await using client = await loginWithToken(server);
    await using other = await server.login('bob');
    await subscribed(client, 'stock:1');
    await subscribed(other, 'stock:1');
    await using unkept = await server.login('alice');
    await subscribed(unkept, 'stock:1');
    const operator = await openSqliteOperatorData(server.data);
    const start = performance.now();
    await operator.endLogins('alice');
    await Promise.all([client.untilClosed(), unkept.untilClosed()]);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await other.ask('PING')).toBe('PONG');
    await operator.close();
  });

  test.for(['removed', 'another password'])('because its user is %s', async (how) => {
    await using server = await startServer({ catalog });
    await using client = await server.login();
    await using other = await server.login('bob');
    await subscribed(client, 'stock');
    await subscribed(other, 'stock');
    const [alice, bob, carol] = USERS;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error();
    const changed = how === 'removed' ? [] : [{ name: alice.name, password: carol.password }];
    server.server.replaceUsers([...changed, bob]);
    await client.untilClosed();
    expect(await other.ask('PING')).toBe('PONG');
  });
});

test('nothing is left of connections that are gone', async () => {
  await using server = await startServer({ catalog });
  for (let count = 0; count < 5; count++) {
    await using client = await server.login();
    await client.send(commands('SUBSCRIBE stock stock:1'));
    if (count % 2 === 0) await pushed(client);
  }
  await using last = await server.login();
  await vi.waitFor(() =>
    expect(server.server.subscriptions).toMatchObject({ subscribers: 0, channels: 0 }),
  );
  // And it all begins again.
  expect(await subscribed(last, 'stock:2')).toEqual([[{ upc: 2, available: 20 }]]);
});

/** A server whose store is asked for a SUBSCRIBE, and answers when it may. */
async function subscribingServer() {
  const asked = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const isSubscribe = ({ kind }: Request): boolean => kind === 'inventory';
  const server = await startServer({
    catalog,
    wrap: (store) =>
      storeAround(store, {
        settle: async (requests) => {
          if (requests.some(isSubscribe)) {
            asked.resolve();
            await mayGoOn.promise;
          }
          return await store.settle(requests);
        },
        settleMeanwhile: () => null,
      }),
  });
  return { server, asked: asked.promise, goOn: mayGoOn.resolve };
}

test('who is removed while the store is asked for its SUBSCRIBE is told nothing more', async () => {
  const { server: started, asked, goOn } = await subscribingServer();
  await using server = started;
  await using client = await server.login();
  await client.send(commands('SUBSCRIBE stock:1'));
  await asked;
  server.server.replaceUsers(USERS.slice(1));
  goOn();
  await client.untilClosed();
  expect(client.received).not.toContain('available');
  await vi.waitFor(() => expect(server.server.subscriptions.subscribers).toBe(0));
});

test('nothing is left of a connection that goes while the store is asked for its SUBSCRIBE', async () => {
  const { server: started, asked, goOn } = await subscribingServer();
  await using server = started;
  await using client = await server.login();
  await client.send(commands('SUBSCRIBE stock:1'));
  await asked;
  client.socket.resetAndDestroy();
  await vi.waitFor(() => expect(server.server.figures().Clients?.connected_clients).toBe(0));
  goOn();
  await server.server.commit.drained();
  expect(server.server.subscriptions).toMatchObject({ subscribers: 0, channels: 0 });
});

test('a hold that ends gives its units back at its second, while nobody asks for anything', async () => {
  await using server = await startServer({ catalog });
  await using client = await server.login();
  await using holder = await server.login('bob');
  await subscribed(client, 'stock:2');
  const { until } = await holder.ask('HOLD 2 5 FOR 1 ORDER h');
  expect((await pushed(client))[2]).toEqual([{ upc: 2, available: 15 }]);
  expect((await pushed(client))[2]).toEqual([{ upc: 2, available: 20 }]);
  expect(Date.now()).toBeGreaterThanOrEqual(until);
  expect(Date.now()).toBeLessThan(until + 500);
});
