/** Requests that take much work: answered in parts, a few of them in each batch, and nobody waits for them. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Request } from '../../src/inventory/model.ts';
import type { Store } from '../../src/inventory/store.ts';
import { MAX_HEAVY_WORK_IN_BATCH } from '../../src/server/heavy-lane.ts';
import { ORDERS_IN_A_PART } from '../../src/verbs/orders.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import { commands, type Plain } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

const catalog = Array.from({ length: 1_000 }, (_, index) => ({
  upc: index + 1,
  name: `Item ${index + 1}`,
  units: 1_000_000,
}));
const UPCS = catalog.map(({ upc }) => upc).join(' ');

/** Notes the batches that `store` is given. */
function noting(batches: (readonly Request[])[], before: () => void = () => undefined) {
  return (store: Store): Store =>
    storeAround(store, {
      settle: (requests) => {
        batches.push(requests);
        before();
        return store.settle(requests);
      },
    });
}

const COUNT = 2 * ORDERS_IN_A_PART + 5;

/** Orders of alice, the newest first; every seventh was refused. */
async function withOrders(server: TestServer): Promise<string[]> {
  await using buyer = await server.login();
  const ids = Array.from({ length: COUNT }, (_, index) => `o-${index}`);
  for (const [index, id] of ids.entries()) {
    await buyer.ask(`PURCHASE 1 ${index % 7 === 6 ? 2_000_000 : 1} 2 1 ORDER ${id}`);
  }
  return ids.reverse();
}

test.for([2, 3])('a long list of orders comes whole and in order, in RESP%i', async (version) => {
  const batches: (readonly Request[])[] = [];
  await using server = await startServer({ catalog, wrap: noting(batches) });
  const newestFirst = await withOrders(server);
  await using client = await server.connect();
  await client.ask(`HELLO ${version} AUTH alice wonderland`);
  const idsOf = (orders: Plain[]) =>
    orders.map((order) => (version === 3 ? order.order : order[1]));
  await client.send(
    commands(
      'ORDERS COUNT 1000',
      `ORDERS COUNT ${COUNT}`,
      `ORDERS COUNT ${COUNT - 1}`,
      `ORDERS COUNT ${ORDERS_IN_A_PART + 1} BEFORE ${newestFirst[3]}`,
      `ORDERS COUNT 1000 BEFORE ${newestFirst.at(-2)}`,
      `ORDERS COUNT 1000 BEFORE ${newestFirst.at(-1)}`,
      'PING behind',
    ),
  );
  const [all, exact, fewer, middle, last, none, pong] = await client.replies(7);
  expect(idsOf(all)).toEqual(newestFirst);
  expect(idsOf(exact)).toEqual(newestFirst);
  expect(idsOf(fewer)).toEqual(newestFirst.slice(0, -1));
  expect(idsOf(middle)).toEqual(newestFirst.slice(4, 5 + ORDERS_IN_A_PART));
  expect(idsOf(last)).toEqual(newestFirst.slice(-1));
  expect(none).toEqual([]);
  expect(pong).toBe('behind');
  const counts = batches.flat().flatMap((request) => ('count' in request ? [request.count] : []));
  expect(Math.max(...counts)).toBe(ORDERS_IN_A_PART);
});

test('orders that are bought meanwhile change nothing of a list that has begun', async () => {
  let buy: () => void = () => undefined;
  await using server = await startServer({ catalog, wrap: noting([], () => buy()) });
  const newestFirst = await withOrders(server);
  await using reader = await server.login();
  await using buyer = await server.login();
  let bought = 0;
  buy = () => {
    if (bought < 3) void buyer.send(commands(`PURCHASE 1 1 ORDER later-${bought++}`));
  };
  const orders = await reader.ask('ORDERS COUNT 1000');
  expect(orders.map(({ order }: Plain) => order)).toEqual(newestFirst);
});

test('a list that cannot be finished ends its connection, and no other', async () => {
  let remove: () => void = () => undefined;
  const batches: (readonly Request[])[] = [];
  await using server = await startServer({ catalog, wrap: noting(batches, () => remove()) });
  await withOrders(server);
  await using other = await server.login('bob');
  await using reader = await server.login();
  // Before its second part.
  remove = () => {
    const [request] = batches.at(-1) ?? [];
    if (request?.kind !== 'orders' || request.before === null) return;
    const db = new DatabaseSync(server.data);
    db.exec('DELETE FROM orders');
    db.close();
  };
  await expect(reader.ask('ORDERS COUNT 1000')).rejects.toThrow('closed before the reply');
  expect(await other.ask('PING')).toBe('PONG');
});

test('a batch takes so much work, and who asks for little goes before who asks for much', async () => {
  const batches: (readonly Request[])[] = [];
  await using server = await startServer({ catalog, wrap: noting(batches) });
  const greedy = await Promise.all(Array.from({ length: 20 }, () => server.login()));
  await using buyer = await server.login('bob');
  for (const client of greedy)
    await client.send(commands(`INVENTORY ${UPCS}`, `INVENTORY ${UPCS}`));
  expect(await buyer.ask('PURCHASE 1 1')).toMatchObject({ replayed: false });
  for (const client of greedy) {
    for (const reply of await client.replies(2)) expect(reply).toHaveLength(catalog.length);
    await client[Symbol.asyncDispose]();
  }
  const upcs = batches.map((batch) =>
    batch.reduce((sum, request) => sum + ('upcs' in request ? request.upcs.length : 0), 0),
  );
  expect(Math.max(...upcs)).toBeLessThanOrEqual(MAX_HEAVY_WORK_IN_BATCH);
  expect(upcs.reduce((sum, count) => sum + count)).toBe(2 * greedy.length * catalog.length);
  // In the first batches, before most of the lists.
  const purchase = batches.findIndex((batch) => batch.some(({ kind }) => kind === 'purchase'));
  expect(purchase).toBeLessThan(batches.length / 2);
});

test('orders of many lines are bought one by one, in the order in which they were sent', async () => {
  await using server = await startServer({ catalog });
  await using client = await server.login();
  const many = UPCS.split(' ')
    .slice(0, 500)
    .map((upc) => `${upc} 1`)
    .join(' ');
  await client.send(
    commands(
      'PURCHASE 1 1',
      `PURCHASE ${many}`,
      'PURCHASE 1 1',
      `PURCHASE ${many}`,
      'PURCHASE 1 1',
    ),
  );
  const levels = (await client.replies(5)).map(({ lines }) => lines[0].available);
  expect(levels).toEqual([999_999, 999_998, 999_997, 999_996, 999_995]);
});

test('orders of many lines are confirmed, extended, released and given back beside the others, in order', async () => {
  const batches: (readonly Request[])[] = [];
  const returnable = catalog.map((item) => ({ ...item, returns: true }));
  await using server = await startServer({ catalog: returnable, wrap: noting(batches) });
  await using client = await server.login();
  await using other = await server.login('bob');
  const long = Array.from({ length: 400 }, (_, index) => `${index + 1} 1`).join(' ');
  for (const id of ['a', 'b', 'c']) await client.ask(`HOLD ${long} FOR 60 ORDER ${id}`);
  await client.ask('HOLD 1 1 FOR 60 ORDER short');
  batches.length = 0;
  await client.send(
    commands(
      ...['CONFIRM short', 'CONFIRM a', 'RETURN a 1 1 ORDER r', 'EXTEND b FOR 100', 'RELEASE b'],
      ...['ORDER b', 'PURCHASE 1 1 ORDER c', 'CONFIRM c', 'PURCHASE 2 1 ORDER last', 'PING'],
    ),
  );
  await other.send(commands('PURCHASE 3 1 ORDER bobs'));
  const order = (id: string) => expect.objectContaining({ order: id });
  expect(await client.replies(10)).toEqual([
    ...[order('short'), order('a'), order('r'), order('b'), 'OK'],
    expect.objectContaining({ order: 'b', state: 'released' }),
    expect.objectContaining({ code: 'ORDERREUSED' }),
    ...[order('c'), order('last'), 'PONG'],
  ]);
  expect(await other.replies(1)).toEqual([order('bobs')]);
  expect(batches.every((batch) => batch.filter(({ mayBeLong }) => mayBeLong).length <= 4)).toBe(
    true,
  );
  expect(batches.flat().filter(({ mayBeLong }) => mayBeLong).length).toBeGreaterThan(5);
  expect(server.failures).toEqual([]);
});
