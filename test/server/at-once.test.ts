/** What needs no store is answered at once, whatever the store does; behind requests of its own connection it keeps its turn. */
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/inventory/store.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { MAX_BATCH } from '../../src/server/group-commit.ts';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

/** A server whose store, once it is asked for a purchase, is away until `goOn`. */
async function serverWithSlowStore() {
  const away = Promise.withResolvers<void>();
  const back = Promise.withResolvers<void>();
  const wrap = (store: Store) =>
    storeAround(store, {
      settle: async (requests) => {
        if (requests.some(({ kind }) => kind === 'purchase')) {
          away.resolve();
          await back.promise;
        }
        return await store.settle(requests);
      },
    });
  const server = await startServer({ wrap });
  const buyer = await server.login();
  return { server, buyer, isAway: away.promise, goOn: back.resolve };
}

const noAuth = new ErrorReply('NOAUTH', 'log in first');

describe('while the store is away', () => {
  test.for<[string, unknown]>([
    ['PING', 'PONG'],
    ['PING hi', 'hi'],
    ['INFO', expect.stringContaining('connected_clients:2')],
    ['HELLO 3', expect.objectContaining({ server: 'inv', proto: 3 })],
    ['AUTH bob wonderland', { code: 'WRONGPASS' }],
    ['COMMAND COUNT', expect.any(Number)],
    ['CLIENT ID', expect.any(Number)],
    ['ECHO hi', 'hi'],
    ['SELECT 0', 'OK'],
    ['READONLY', 'OK'],
    ['TIME', [expect.any(String), expect.any(String)]],
    ['RESET', 'RESET'],
    ['MULTI', noAuth],
    ['PURCHASE 1001 1', noAuth],
    ['INVENTORY', noAuth],
    ['LOGOUT', noAuth],
    ['PURCHASE', { code: 'ERR' }],
    ['NONSENSE', { code: 'ERR' }],
    ['QUIT', 'OK'],
  ])('%s is answered at once', async ([request, reply]) => {
    const { server, buyer, isAway, goOn } = await serverWithSlowStore();
    await using _ = server;
    await using client = await server.connect();
    await buyer.send(commands('PURCHASE 1001 1'));
    await isAway;
    const answer = await client.ask(request);
    if (typeof reply === 'object') expect(answer).toMatchObject(reply as object);
    else expect(answer).toBe(reply);
    goOn();
    expect(await buyer.reply()).toMatchObject({ lines: [{ available: 49 }] });
    await buyer[Symbol.asyncDispose]();
  });

  test('it is answered at once when the queue is full, too', async () => {
    const { server, buyer, isAway, goOn } = await serverWithSlowStore();
    await using _ = server;
    await using client = await server.login('bob');
    const others = await Promise.all(Array.from({ length: 5 }, () => server.login('carol')));
    await buyer.send(commands('PURCHASE 1001 1'));
    await isAway;
    for (const other of others) await other.send(commands('WHOAMI').repeat(MAX_BATCH / 4));
    while (!server.server.commit.full) await new Promise((resolve) => setImmediate(resolve));
    expect(await client.ask('PING')).toBe('PONG');
    await client.send(commands('PING 1', 'PURCHASE 1001 1 ORDER a', 'PING 2'));
    expect(await client.reply()).toBe('1');
    goOn();
    expect(await client.replies(2)).toMatchObject([{ order: 'a' }, '2']);
    for (const other of others) {
      expect(await other.replies(MAX_BATCH / 4)).toHaveLength(MAX_BATCH / 4);
      await other[Symbol.asyncDispose]();
    }
    await buyer[Symbol.asyncDispose]();
  });
});

test('behind its own unanswered requests it keeps its turn', async () => {
  const { server, buyer, isAway, goOn } = await serverWithSlowStore();
  await using _ = server;
  const before = buyer.received.length;
  await buyer.send(
    commands('PURCHASE 1001 1 ORDER a', 'NONSENSE', 'PING', 'HELLO 2', 'PURCHASE 1001 1 ORDER b'),
  );
  await isAway;
  await using other = await server.connect();
  expect(await other.ask('PING')).toBe('PONG');
  expect(buyer.received.length).toBe(before);
  goOn();
  const [a, error, pong, hello, b] = await buyer.replies(5);
  // The version changes with the reply to HELLO, not before it.
  expect(a).toMatchObject({ order: 'a', replayed: false });
  expect(error).toMatchObject({ code: 'ERR' });
  expect(pong).toBe('PONG');
  expect(hello.slice(0, 2)).toEqual(['server', 'inv']);
  expect(b.slice(0, 2)).toEqual(['order', 'b']);
  await buyer[Symbol.asyncDispose]();
});

test('a crowd of short requests for long replies keeps nobody waiting', async () => {
  await using server = await startServer();
  await using greedy = await server.connect();
  await using quick = await server.connect();
  const count = 3_000;
  const started = performance.now();
  await greedy.send('COMMAND DOCS\n'.repeat(count));
  const all = greedy.replies(count).then(() => performance.now() - started);
  await quick.ask('PING');
  const first = performance.now() - started;
  expect(first).toBeLessThan((await all) / 2);
});
