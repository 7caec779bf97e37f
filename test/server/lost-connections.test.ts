/** What waits of a connection that is lost, and how much of one waits while its requests take much work. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Request } from '../../src/inventory/model.ts';
import { MANY_LINES } from '../../src/inventory/order-work.ts';
import type { Store } from '../../src/inventory/store.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import { commands, type RawClient } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

const ITEMS: readonly Item[] = Array.from({ length: MANY_LINES + 1 }, (_, at) => ({
  upc: at + 1,
  name: `Item ${at + 1}`,
  units: 10_000,
}));

interface HeldShop {
  readonly server: TestServer;
  /** She has bought `big`, an order of many lines. */
  readonly alice: RawClient;
  /** The requests of each batch, since then. */
  readonly batches: (readonly Request[])[];
  /** Resolves when a batch with a request that `holds` says waits for its release. */
  readonly held: Promise<void>;
  release(): void;
}

async function heldShop(holds: (request: Request) => boolean): Promise<HeldShop> {
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const batches: (readonly Request[])[] = [];
  const wrap = (store: Store): Store =>
    storeAround(store, {
      settle: async (requests) => {
        batches.push(requests);
        if (requests.some(holds)) {
          held.resolve();
          await released.promise;
        }
        return await store.settle(requests);
      },
      settleMeanwhile: () => null,
    });
  const server = await startServer({ catalog: ITEMS, wrap });
  const alice = await server.login();
  await alice.ask(`PURCHASE ${ITEMS.map(({ upc }) => `${upc} 1`).join(' ')} ORDER big`);
  batches.length = 0;
  return { server, alice, batches, held: held.promise, release: released.resolve };
}

async function lose(server: TestServer, client: RawClient): Promise<void> {
  const before = server.server.connections;
  client.socket.resetAndDestroy();
  while (server.server.connections === before) await setImmediate();
}

const isConfirm = ({ kind }: Request) => kind === 'confirm';
const mayBeLong = (request: Request) => request.mayBeLong === true;

test('what a batch puts off of a connection that was lost meanwhile is dropped, with all behind it', async () => {
  const { server, alice, batches, held, release } = await heldShop(isConfirm);
  await using _ = server;
  await alice.send(commands('PURCHASE 1 1 ORDER first', ...Array(50).fill('CONFIRM big')));
  await held;
  await alice.send(commands('PURCHASE 1 1 ORDER last'));
  await lose(server, alice);
  release();
  await using again = await server.login();
  expect(await again.ask('ORDER first')).toMatchObject({ order: 'first' });
  expect(await again.ask('ORDER last')).toMatchObject({ code: 'NOORDER' });
  expect(batches.flat().filter(mayBeLong)).toEqual([]);
});

test('what waits in the lane of a lost connection is dropped, and what waits of others is not', async () => {
  const { server, alice, batches, held, release } = await heldShop(mayBeLong);
  await using _ = server;
  await using other = await server.login();
  await alice.send(commands(...Array(50).fill('CONFIRM big')));
  await held;
  const before = batches.length;
  await other.send(commands('CONFIRM big', 'PURCHASE 1 1 ORDER other'));
  await lose(server, alice);
  release();
  expect(await other.replies(2)).toMatchObject([{ order: 'big' }, { order: 'other' }]);
  await server.server.commit.drained();
  const since = batches.slice(before).flat();
  expect(since.filter(mayBeLong).length).toBeLessThan(5);
});

test('a data file, which holds no batch, settles no more of a lost connection either', async () => {
  let alice: RawClient | null = null;
  let settled = 0;
  const wrap = (store: Store): Store =>
    storeAround(store, {
      settle: (requests) => {
        settled += requests.filter(mayBeLong).length;
        if (settled > 0) alice?.socket.resetAndDestroy();
        return store.settle(requests);
      },
    });
  await using server = await startServer({ catalog: ITEMS, wrap });
  alice = await server.login();
  await alice.ask(`PURCHASE ${ITEMS.map(({ upc }) => `${upc} 1`).join(' ')} ORDER big`);
  const lost = once(alice.socket, 'close');
  await alice.send(commands(...Array(400).fill('CONFIRM big')));
  await lost;
  while (server.server.connections > 0) await setImmediate();
  await server.server.commit.drained();
  expect(settled).toBeLessThan(200);
});

test('while the store holds a batch, what waits of lost connections takes no memory', async () => {
  const { server, alice, held, release } = await heldShop(isConfirm);
  await using _ = server;
  const others: RawClient[] = [];
  for (let count = 0; count < 5; count++) others.push(await server.login());
  await alice.send(commands('CONFIRM big'));
  await held;
  const { commit } = server.server;
  for (const other of others) {
    const before = server.server.requests;
    await other.send(commands(...Array(1_000).fill('CONFIRM big')));
    while (server.server.requests < before + 1_000 && !commit.full) await setImmediate();
    await lose(server, other);
    await setImmediate();
  }
  // All of them together are more than a full queue.
  expect(commit.full).toBe(false);
  release();
  expect(await alice.reply()).toMatchObject({ order: 'big' });
});

test('a connection whose requests take much work hands over few at a time, and what they take counts', async () => {
  const { server, alice, batches, held, release } = await heldShop(mayBeLong);
  await using _ = server;
  await using __ = alice;
  const { memory } = server.server;
  const empty = memory.total;
  await alice.send(commands(...Array(40).fill('CONFIRM big')));
  await held;
  // The first four are being settled.
  expect(memory.total - empty).toBeGreaterThan(30 * 700);
  const [{ requests }, kept] = [server.server, memory.total];
  const line = 'CONFIRM unknown';
  await alice.send(commands(...Array(500).fill(line)));
  while (memory.total < kept + 500 * line.length) await setImmediate();
  expect(server.server.requests).toBe(requests);
  release();
  const replies = await alice.replies(540);
  expect(replies.slice(0, 41)).toMatchObject([
    ...Array(40).fill({ order: 'big' }),
    { code: 'NOORDER' },
  ]);
  expect(batches.length).toBeGreaterThan(10);
  expect(memory.total).toBe(empty);
});
