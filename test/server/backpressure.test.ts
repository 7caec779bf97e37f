import { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/inventory/store.ts';
import { encodeCommand } from '../../src/protocol/encoder.ts';
import {
  MAX_COMMAND_BYTES,
  MAX_READ_AHEAD_BYTES,
  MAX_REQUESTS_IN_BATCH,
  UNREAD_OUTPUT_PAUSE_BYTES,
} from '../../src/protocol/limits.ts';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

/** A PING whose reply is `size` bytes and something. */
const ping = (size: number) => encodeCommand(['PING', 'x'.repeat(size)]);

describe('a client that does not read its replies', () => {
  test('makes the server hold a bounded part of them, and gets them all when it reads', async () => {
    await using server = await startServer();
    await using client = await server.login();
    await using other = await server.connect();
    const [count, size] = [20_000, 1_000];

    let most = 0;
    let paused: () => void = () => undefined;
    const isPaused = new Promise<void>((resolve) => {
      paused = resolve;
    });
    const write = Socket.prototype.write;
    using _ = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (
      this: Socket,
      ...args: unknown[]
    ) {
      const more = write.apply(this, args as never);
      // The server's end of the connection.
      if (this.localPort === server.port) most = Math.max(most, this.writableLength);
      if (most > UNREAD_OUTPUT_PAUSE_BYTES) paused();
      return more;
    });
    client.socket.pause();
    const sent = client.send(ping(size).repeat(count));
    await isPaused;
    // Others are served; each round trip is a turn in which the server might take more.
    for (let turn = 0; turn < 100; turn++) expect(await other.ask('PING')).toBe('PONG');
    expect(most).toBeLessThan(UNREAD_OUTPUT_PAUSE_BYTES + 2 * MAX_REQUESTS_IN_BATCH * (size + 10));

    client.socket.resume();
    const replies = await client.replies(count);
    await sent;
    expect(new Set(replies)).toEqual(new Set(['x'.repeat(size)]));
  });
});

describe('a client whose turn has not come', () => {
  test('is read from again when it has, however much it sent', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    // Far more than is kept for it while its password is checked.
    const count = Math.ceil((8 * MAX_READ_AHEAD_BYTES) / MAX_COMMAND_BYTES);
    const size = MAX_COMMAND_BYTES - 100;
    await client.send(commands('AUTH alice wonderland') + ping(size).repeat(count));
    const [ok, ...replies] = await client.replies(1 + count);
    expect(ok).toBe('OK');
    expect(replies.map((reply) => reply.length)).toEqual(Array(count).fill(size));
  });
});

describe('clients that pipeline deeply', () => {
  const catalog = [{ upc: 1, name: 'one', units: 1_000_000 }];
  // The shortest form: many times what a batch takes in one read.
  const deep = (count: number) => 'PURCHASE 1 1\n'.repeat(count);

  test('get their share of each batch, and no more', async () => {
    const batches: number[] = [];
    const wrap = (store: Store) =>
      storeAround(store, {
        settle: (requests) => {
          batches.push(requests.length);
          return store.settle(requests);
        },
      });
    await using server = await startServer({ catalog, wrap });
    await using client = await server.login();
    await client.send(deep(20_000));
    await client.replies(20_000);
    expect(Math.max(...batches)).toBe(MAX_REQUESTS_IN_BATCH);
  });

  test('wait for their turn when a batch is full, and are all answered', async () => {
    const goOn = Promise.withResolvers<void>();
    let batches = 0;
    const wrap = (store: Store) =>
      storeAround(store, {
        settle: async (requests) => {
          if (requests.some(({ kind }) => kind === 'purchase') && batches++ === 0)
            await goOn.promise;
          return await store.settle(requests);
        },
      });
    await using server = await startServer({ catalog, wrap });
    const clients = await Promise.all(Array.from({ length: 10 }, () => server.login()));
    for (const client of clients) await client.send(deep(3_000));
    while (!server.server.commit.full) await new Promise((resolve) => setImmediate(resolve));
    goOn.resolve();
    for (const client of clients) {
      expect(
        (await client.replies(3_000)).filter(({ replayed }) => replayed === false),
      ).toHaveLength(3_000);
      await client[Symbol.asyncDispose]();
    }
  });

  test('do not keep others waiting', async () => {
    await using server = await startServer({ catalog });
    await using greedy = await server.login();
    await using quick = await server.login('bob');
    const started = performance.now();
    await greedy.send(deep(50_000));
    const all = greedy.replies(50_000).then(() => performance.now() - started);
    await quick.ask('PURCHASE 1 1');
    const first = performance.now() - started;
    expect(first).toBeLessThan((await all) / 2);
  });
});
