/** MULTI, EXEC and DISCARD over the wire. */
import { describe, expect, test } from 'vitest';
import type { Request } from '../../src/inventory/model.ts';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { encodeCommand } from '../../src/protocol/encoder.ts';
import {
  MAX_TRANSACTION_BYTES,
  MAX_TRANSACTION_REQUESTS,
  MAX_TRANSACTION_WORK,
} from '../../src/protocol/limits.ts';
import { startServer } from '../support/in-process.ts';
import { commands, type RawClient } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

/** The replies to some commands that are sent at once. */
async function asked(client: RawClient, ...lines: string[]) {
  await client.send(commands(...lines));
  return await client.replies(lines.length);
}

/** A server that notes the batches that its store settles, once somebody has logged in. */
async function serverWithBatches() {
  const batches: (readonly Request[])[] = [];
  const wrap = (store: Store) =>
    storeAround(store, {
      settle: (requests) => {
        if (requests.every(({ kind }) => kind !== 'auth')) batches.push(requests);
        return store.settle(requests);
      },
    });
  return { server: await startServer({ wrap }), batches };
}

const aborted = { code: 'EXECABORT' };
const noOrder = { code: 'NOORDER' };

test('EXEC decides its requests in one piece, and answers each', async () => {
  const { server, batches } = await serverWithBatches();
  await using _ = server;
  await using client = await server.login();
  const replies = await asked(
    client,
    'MULTI',
    'PURCHASE 1001 2 ORDER a',
    'PURCHASE 1001 49 ORDER b',
    'ORDER a',
    'INVENTORY 1001',
    'PING',
    'WHOAMI',
    'EXEC',
    'PING after',
  );
  expect(replies.slice(0, 7)).toEqual(['OK', ...Array(6).fill('QUEUED')]);
  expect(replies[7]).toMatchObject([
    { order: 'a', replayed: false, lines: [{ available: 48 }] },
    { code: 'NOSTOCK' },
    { order: 'a', replayed: true },
    [{ upc: 1001, available: 48 }],
    'PONG',
    { user: 'alice' },
  ]);
  expect(replies[8]).toBe('after');
  expect(batches.flat()).toMatchObject([
    { kind: 'transaction', requests: [{}, {}, {}, {}, { kind: 'whoami' }] },
  ]);
});

test('nothing is decided before EXEC, and nothing when the connection ends before it', async () => {
  await using server = await startServer();
  await using other = await server.login('bob');
  for (const end of ['resetAndDestroy', 'end'] as const) {
    await using client = await server.login();
    expect(await asked(client, 'MULTI', 'PURCHASE 1001 50 ORDER a')).toEqual(['OK', 'QUEUED']);
    expect((await other.ask('INVENTORY 1001'))[0].available).toBe(50);
    client.socket[end]();
    if (end === 'end') expect(await client.untilClosed()).toMatch(/QUEUED\r\n$/);
  }
  await using again = await server.login();
  expect(await again.ask('ORDER a')).toMatchObject(noOrder);
  expect((await other.ask('INVENTORY 1001'))[0].available).toBe(50);
});

test('DISCARD, RESET and QUIT drop what is queued', async () => {
  await using server = await startServer();
  await using client = await server.login();
  const lines = ['MULTI', 'PURCHASE 1001 1 ORDER a'];
  expect(await asked(client, ...lines, 'DISCARD', 'EXEC', 'ORDER a')).toMatchObject([
    'OK',
    'QUEUED',
    'OK',
    { code: 'ERR', message: 'EXEC without MULTI' },
    noOrder,
  ]);
  expect(await client.ask('DISCARD')).toMatchObject({ message: 'DISCARD without MULTI' });
  expect(await asked(client, ...lines, 'RESET', 'AUTH alice wonderland', 'EXEC')).toMatchObject([
    'OK',
    'QUEUED',
    'RESET',
    'OK',
    { message: 'EXEC without MULTI' },
  ]);
  expect(await asked(client, ...lines, 'QUIT')).toEqual(['OK', 'QUEUED', 'OK']);
  await using again = await server.login();
  expect(await again.ask('ORDER a')).toMatchObject(noOrder);
});

describe('a request that is refused makes EXEC do nothing', () => {
  test.for([
    'NONSENSE',
    'PURCHASE 1001',
    'PURCHASE 1001 none',
    'PURCHASE 1001 1 ORDER two words',
    'HELLO 4',
    'MULTI twice',
    'EXEC now',
    'WATCH',
    'CLIENT KILL',
    'AUTH bob builder',
    'AUTH token',
    'LOGIN bob builder',
    'RESUME token',
    'HELLO 3 AUTH bob builder',
    'ORDERS',
    'INVENTORY',
  ])('%s', async (line) => {
    await using server = await startServer();
    await using client = await server.login();
    const replies = await asked(
      client,
      'MULTI',
      'PURCHASE 1001 1 ORDER a',
      line,
      'PURCHASE 1001 1 ORDER b',
      'EXEC',
      'ORDER a',
      'ORDER b',
      'ACL WHOAMI',
      'EXEC',
    );
    expect(replies).toMatchObject([
      'OK',
      'QUEUED',
      { code: expect.stringMatching(/^(ERR|NOPROTO)$/) },
      'QUEUED',
      aborted,
      noOrder,
      noOrder,
      'alice',
      { message: 'EXEC without MULTI' },
    ]);
  });
});

test('MULTI and WATCH inside are errors that change nothing, as with Redis', async () => {
  await using server = await startServer();
  await using client = await server.login();
  expect(
    await asked(
      client,
      'MULTI',
      'MULTI',
      'WATCH key',
      'UNWATCH',
      'PURCHASE 1001 1 ORDER a',
      'EXEC',
    ),
  ).toMatchObject([
    'OK',
    { code: 'ERR', message: 'MULTI calls can not be nested' },
    { code: 'ERR', message: 'WATCH inside MULTI is not allowed' },
    'QUEUED',
    'QUEUED',
    ['OK', { order: 'a' }],
  ]);
  expect(await asked(client, 'MULTI', 'EXEC')).toEqual(['OK', []]);
});

test('without a login there is no transaction', async () => {
  await using server = await startServer();
  await using client = await server.connect();
  const noAuth = { code: 'NOAUTH' };
  expect(await asked(client, 'MULTI', 'PURCHASE 1001 1', 'EXEC', 'DISCARD')).toMatchObject([
    noAuth,
    noAuth,
    noAuth,
    noAuth,
  ]);
});

test.for(['AUTH alice wonderland', 'LOGIN alice wonderland'])(
  'after a LOGOUT inside, of a login by %s, nobody is logged in',
  async (login) => {
    await using server = await startServer();
    await using client = await server.connect();
    await client.ask(login);
    const replies = await asked(
      client,
      'MULTI',
      'PURCHASE 1001 1 ORDER a',
      'LOGOUT',
      'PURCHASE 1001 1 ORDER b',
      'PING',
      'EXEC',
      'WHOAMI',
    );
    const [bought, out, refused, pong] = replies[5];
    expect(bought).toContain('a');
    expect([out, pong]).toEqual(['OK', 'PONG']);
    expect(refused).toMatchObject({ code: 'NOAUTH' });
    expect(replies[6]).toMatchObject({ code: 'NOAUTH' });
    await client.ask('AUTH alice wonderland');
    expect(await client.ask('ORDER b')).toMatchObject(noOrder);
  },
);

test('the version changes where HELLO stands, as with Redis', async () => {
  await using server = await startServer();
  await using client = await server.connect();
  await asked(client, 'AUTH alice wonderland', 'MULTI', 'WHOAMI', 'HELLO 3', 'WHOAMI');
  const [before, hello, after] = await client.ask('EXEC');
  expect(before).toEqual(['user', 'alice', 'since', expect.any(Number)]);
  expect(hello).toMatchObject({ proto: 3 });
  expect(after).toEqual({ user: 'alice', since: expect.any(Number) });
});

test('behind a LOGOUT, what needs a login is answered NOAUTH, and what does not as ever', async () => {
  await using server = await startServer();
  await using client = await server.login();
  const queued = ['LOGOUT', 'UNWATCH', 'WHOAMI', 'PING'];
  const replies = await asked(client, 'MULTI', ...queued, 'EXEC', 'UNWATCH');
  const noAuth = { code: 'NOAUTH' };
  expect(replies.slice(-2)).toMatchObject([['OK', noAuth, noAuth, 'PONG'], noAuth]);
});

test.for([[], ['PING'], ['UNWATCH', 'PING']])(
  'a transaction that asks for nothing of the store needs its login all the same: %j',
  async (lines) => {
    await using server = await startServer();
    await using one = await server.connect();
    await using other = await server.connect();
    const [, token] = await one.ask('LOGIN alice wonderland');
    await other.ask(`RESUME ${token}`);
    const exec = () => asked(other, 'MULTI', ...lines, 'EXEC').then((replies) => replies.at(-1));
    expect(await exec()).toHaveLength(lines.length);
    expect(await one.ask('LOGOUT')).toBe('OK');
    expect(await exec()).toMatchObject({ code: 'NOAUTH' });
    expect(await asked(other, 'MULTI', 'PING', 'INVENTORY 1001', 'EXEC')).toMatchObject([
      'OK',
      'QUEUED',
      'QUEUED',
      ['PONG', { code: 'NOAUTH' }],
    ]);
  },
);

test('an EXEC whose reply was lost is asked again, and nothing is bought twice', async () => {
  await using server = await startServer();
  const lines = ['MULTI', 'PURCHASE 1001 2 ORDER a', 'PURCHASE 1006 11 ORDER b', 'EXEC'];
  await using lost = await server.login();
  const first = (await asked(lost, ...lines))[3];
  await using client = await server.login();
  const second = (await asked(client, ...lines))[3];
  expect(second).toMatchObject([
    { ...first[0], replayed: true },
    { code: 'NOSTOCK', message: expect.stringMatching(/asked 11 available 10 \(refused at /) },
  ]);
  // The same id twice in one transaction, and one that is not new beside one that is.
  const mixed = ['PURCHASE 1001 2 ORDER a', 'PURCHASE 1001 1 ORDER c', 'PURCHASE 1001 1 ORDER c'];
  expect((await asked(client, 'MULTI', ...mixed, 'EXEC'))[4]).toMatchObject([
    { order: 'a', replayed: true },
    { order: 'c', replayed: false },
    { order: 'c', replayed: true },
  ]);
  expect((await client.ask('INVENTORY 1001'))[0].available).toBe(47);
});

test('transactions are pipelined, and others see all of one or none of it', async () => {
  const { server, batches } = await serverWithBatches();
  await using _ = server;
  await using client = await server.login();
  await using other = await server.login('bob');
  const one = commands('MULTI', 'PURCHASE 1001 1', 'PURCHASE 1002 1', 'EXEC');
  await client.send(one.repeat(20));
  await other.send(commands('INVENTORY 1001 1002').repeat(200));
  for (const [a, b] of await other.replies(200)) expect(a.available - b.available).toBe(-150);
  const replies = await client.replies(80);
  const outcomes = replies.filter((_, index) => index % 4 === 3);
  expect(outcomes.map(([a]) => a.lines[0].available)).toEqual(
    Array.from({ length: 20 }, (_, index) => 49 - index),
  );
  const sizes = batches.map(
    (requests) => requests.filter(({ kind }) => kind === 'transaction').length,
  );
  expect(Math.max(...sizes)).toBeGreaterThan(1);
});

describe('the bounds of a transaction', () => {
  test('so many requests, all in one batch, and no more', async () => {
    const { server, batches } = await serverWithBatches();
    await using _ = server;
    await using client = await server.login();
    const lines = Array.from(
      { length: MAX_TRANSACTION_REQUESTS },
      (_, index) => `PURCHASE 1009 1 ORDER 01a21482-a12f-7000-9f34-14251${10_000 + index}`,
    );
    const full = await asked(client, 'MULTI', ...lines.slice(0, 500), 'EXEC');
    expect(full.at(-1)).toHaveLength(500);
    const replies = await asked(client, 'MULTI', ...lines, 'EXEC');
    expect(new Set(replies.slice(1, -1))).toEqual(new Set(['QUEUED']));
    expect(replies.at(-1)).toHaveLength(MAX_TRANSACTION_REQUESTS);
    expect(batches.at(-1)).toHaveLength(1);
    const over = await asked(client, 'MULTI', ...lines, 'PING', 'PING', 'EXEC');
    expect(over.slice(-3)).toMatchObject([
      { code: 'ERR', message: 'a transaction has at most 1024 requests' },
      'QUEUED',
      aborted,
    ]);
  });

  test('so many bytes, with their framing', async () => {
    await using server = await startServer();
    await using client = await server.login();
    const frame = encodeCommand(['ECHO', 'x'.repeat(10_000)]).length - 10_000;
    const texts = [40_000, 40_000, MAX_TRANSACTION_BYTES - 80_000 - 3 * frame];
    const lines = texts.map((length) => `ECHO ${'x'.repeat(length)}`);
    const replies = await asked(client, 'MULTI', ...lines, 'EXEC');
    expect(replies.at(-1).map((text: string) => text.length)).toEqual(texts);
    const over = await asked(client, 'MULTI', ...lines, 'PING', 'EXEC');
    expect(over.slice(-2)).toMatchObject([
      { code: 'ERR', message: 'a transaction has at most 131072 bytes of requests' },
      aborted,
    ]);
  });

  test('so much work', async () => {
    await using server = await startServer();
    await using client = await server.login();
    const most = Math.floor(MAX_TRANSACTION_WORK / 100);
    const lines = Array.from({ length: most }, () => 'ORDER a');
    expect((await asked(client, 'MULTI', ...lines, 'EXEC')).at(-1)).toHaveLength(most);
    const over = await asked(client, 'MULTI', ...lines, 'ORDER a', 'EXEC');
    expect(over.slice(-2)).toMatchObject([
      { code: 'ERR', message: 'a transaction has at most 4096 lines of work' },
      aborted,
    ]);
  });

  test('what is queued counts as kept by the connection', async () => {
    await using server = await startServer();
    await using client = await server.login();
    const before = server.server.memory.total;
    await asked(client, 'MULTI', `ECHO ${'x'.repeat(50_000)}`);
    expect(server.server.memory.total - before).toBeGreaterThan(50_000);
    await client.ask('DISCARD');
    expect(server.server.memory.total).toBe(before);
  });

  test.for([
    ['short purchases', 'PURCHASE 1 1 2 1', 1_000, 313],
    [
      'a long one',
      `PURCHASE ${Array.from({ length: 500 }, (_, at) => `${at + 1} 1`).join(' ')}`,
      1,
      32_500,
    ],
    ['short requests', 'PING', 1_000, 43],
    ['long texts', `ECHO ${'x'.repeat(1_000)}`, 100, 1_056],
  ] as const)(
    'what is queued counts as what it takes in memory: %s',
    async ([, line, count, measured]) => {
      await using server = await startServer();
      await using client = await server.login();
      const before = server.server.memory.total;
      await asked(client, 'MULTI', ...Array(count).fill(line));
      expect(server.server.memory.total - before).toBeGreaterThanOrEqual(measured * count);
    },
  );
});

test('what the store could not do was not done, and EXEC says so', async () => {
  let isAway = false;
  const wrap = (store: Store) =>
    storeAround(store, {
      settle: (requests) => {
        if (isAway) throw new StoreUnavailable('away');
        return store.settle(requests);
      },
    });
  await using server = await startServer({ wrap });
  await using client = await server.login();
  isAway = true;
  const lines = ['MULTI', 'PURCHASE 1001 1 ORDER a', 'PING', 'EXEC'];
  expect((await asked(client, ...lines))[3]).toMatchObject({ code: 'UNAVAILABLE' });
  isAway = false;
  expect((await asked(client, ...lines))[3]).toMatchObject([{ replayed: false }, 'PONG']);
});
