import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/inventory/store.ts';
import { StoreUnavailable } from '../../src/inventory/store.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

/** Puts `before` in front of every batch of `store` that buys something. */
function beforePurchases(store: Store, before: () => Promise<void>): Store {
  return storeAround(store, {
    settle: async (requests) => {
      if (requests.some(({ kind }) => kind === 'purchase')) await before();
      return await store.settle(requests);
    },
  });
}

/** How many orders are in the data file. */
function ordersIn(data: string): number {
  const db = new DatabaseSync(data, { readOnly: true });
  const [count] = Object.values(db.prepare('SELECT count(*) FROM orders').get() ?? {});
  db.close();
  return count as number;
}

describe('the end of a connection', () => {
  test('QUIT is answered last, and what came behind it is not run', async () => {
    await using server = await startServer();
    await using client = await server.login();
    const before = client.received.length;
    await client.send(commands('PURCHASE 1001 1', 'QUIT', 'PURCHASE 1001 1', 'PING'));
    const received = (await client.untilClosed()).slice(before);
    expect(received.split('replayed').length - 1).toBe(1);
    expect(received.endsWith('+OK\r\n')).toBe(true);
    await using other = await server.login();
    expect(await other.ask('INVENTORY 1001')).toMatchObject([{ available: 49 }]);
  });

  test('who closes its side after its requests still gets every reply', async () => {
    await using server = await startServer({ catalog: [{ upc: 1, name: 'one', units: 3_000 }] });
    await using client = await server.connect();
    client.end(
      Buffer.from(commands('AUTH alice wonderland', ...Array(3_000).fill('PURCHASE 1 1'))),
    );
    expect(await client.reply()).toBe('OK');
    expect((await client.replies(3_000)).at(-1)?.at(-1)?.[0]).toEqual([
      'upc',
      1,
      'qty',
      1,
      'available',
      0,
    ]);
    await client.untilClosed();
  });

  test.for([
    'PURCHASE 1001 1',
    'PURCHASE 1001 1\r',
    '*3\r\n$8\r\nPURCHASE\r\n$4\r\n1001\r\n$1\r\n1\r',
  ])('a request that is cut off by the end is never run: %j', async (cut) => {
    await using server = await startServer();
    await using client = await server.login();
    const before = client.received.length;
    client.end(Buffer.from(`${commands('PING')}${cut}`));
    expect((await client.untilClosed()).slice(before)).toBe('+PONG\r\n');
    await using other = await server.login();
    expect(await other.ask('INVENTORY 1001')).toMatchObject([{ available: 50 }]);
  });

  test('a connection that is lost while its order is settled does not lose the order', async () => {
    const settling = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const wrap = (store: Store) =>
      beforePurchases(store, () => {
        settling.resolve();
        return gone.promise;
      });
    await using server = await startServer({ wrap });
    const client = await server.login();
    await client.send(commands('PURCHASE 1001 2 ORDER a'));
    await settling.promise;
    await client[Symbol.asyncDispose]();
    gone.resolve();
    await using other = await server.login();
    expect(await other.ask('ORDER a')).toMatchObject({
      order: 'a',
      lines: [{ qty: 2, available: 48 }],
    });
  });
});

describe('a store that fails', () => {
  test('for a moment: UNAVAILABLE, and the connection goes on', async () => {
    let failures = 1;
    const wrap = (store: Store) =>
      beforePurchases(store, async () => {
        if (failures-- > 0) throw new StoreUnavailable('disk full');
      });
    await using server = await startServer({ wrap });
    await using client = await server.login();
    const unavailable = new ErrorReply(
      'UNAVAILABLE',
      'the store could not commit; nothing happened, try again',
    );
    expect(await client.ask('PURCHASE 1001 2 ORDER a')).toEqual(unavailable);
    expect(await client.ask('PURCHASE 1001 2 ORDER a')).toMatchObject({ replayed: false });
  });

  test('for good: nothing is answered any more, and the server is told to end', async () => {
    const wrap = (store: Store) =>
      beforePurchases(store, () => Promise.reject(new Error('disk on fire')));
    await using server = await startServer({ wrap });
    await using client = await server.login();
    const before = client.received;
    await client.send(commands('PURCHASE 1001 2', 'PING'));
    await server.failed;
    expect(server.failures).toEqual([new Error('disk on fire')]);
    expect(client.received).toBe(before);
  });
});

describe('stopping the server', () => {
  test('delivers every reply that it owes, and keeps no order to itself', async () => {
    await using server = await startServer({ catalog: [{ upc: 1, name: 'one', units: 90_000 }] });
    const clients = await Promise.all([server.login(), server.login('bob'), server.login('carol')]);
    for (const client of clients) void client.send(commands('PURCHASE 1 1').repeat(5_000));
    await clients[0]?.reply();
    await server.server.stop();
    const received = await Promise.all(clients.map((client) => client.untilClosed()));
    const receipts = received.join('').split('replayed').length - 1;
    expect(receipts).toBe(ordersIn(server.data));
    expect(receipts).toBeGreaterThan(0);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test('answers a login whose pause is still running, at once', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    await client.send(commands(...Array(7).fill('AUTH alice builder')));
    await client.replies(2);
    await server.server.stop();
    // The seventh would wait more than six seconds, and twelve with all before it: a stop waits for nobody so long.
    expect((await client.untilClosed()).split('-WRONGPASS').length - 1).toBe(7);
  });

  test('waits for the orders of clients that are gone, and closes the store last', async () => {
    const events: string[] = [];
    const settling = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const wrap = (store: Store) =>
      storeAround(store, {
        settle: async (requests) => {
          if (requests.some(({ kind }) => kind === 'purchase')) {
            settling.resolve();
            await goOn.promise;
            events.push('settled');
          }
          return await store.settle(requests);
        },
        close: () => {
          events.push('closed');
          return store.close();
        },
      });
    await using server = await startServer({ wrap });
    const client = await server.login();
    await client.send(commands('PURCHASE 1001 2'));
    await settling.promise;
    client.socket.resetAndDestroy();
    const isGone = () => server.server.figures().Clients?.connected_clients === 0;
    while (!isGone()) await new Promise((resolve) => setImmediate(resolve));
    const stopped = server.server.stop();
    // Any number of turns: the store is asked to close only when the batch is done.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    goOn.resolve();
    await stopped;
    expect(events).toEqual(['settled', 'closed']);
    expect(ordersIn(server.data)).toBe(1);
  });

  test('says good-bye to idle connections, and takes no new ones', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    await client.ask('PING');
    const stopped = server.server.stop();
    await expect(server.connect()).rejects.toThrow('ECONNREFUSED');
    expect(await client.untilClosed()).toBe('+PONG\r\n');
    await stopped;
    if (!client.socket.closed) await once(client.socket, 'close');
  });
});
