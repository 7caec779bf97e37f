/** A primary that was replaced while it stood still: what it knows is told to nobody. */
import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import type { Login, Request } from '../../../src/inventory/model.ts';
import { StoreUnavailable } from '../../../src/inventory/store.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { openPostgresOperatorData } from '../../../src/stores/postgres/postgres-operator-data.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { PRIMARY_SETTINGS, promote, startStandby } from '../../support/postgres-standby.ts';
import { Buyer, levels, settleOne } from '../orders.ts';

const ITEMS: readonly Item[] = [{ upc: 1, name: 'one', units: 100 }];
const login: Login = { tokenHash: 'token', user: 'alice', since: 1, credential: '' };

const servers: PostgresServer[] = [];
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
});

test('a frozen and thawed old primary answers no reader', async () => {
  const primary = await PostgresServer.start(PRIMARY_SETTINGS);
  servers.push(primary);
  const standby = await startStandby(primary);
  servers.push(standby);
  const address = await primary.newDatabase();
  const buyer = new Buyer(login);
  const requests: Readonly<Record<string, Request>> = {
    resume: { kind: 'resume', tokenHash: login.tokenHash },
    whoami: { kind: 'whoami', session: login },
    order: buyer.order('mine'),
    orders: buyer.orders(9),
    'some items': { kind: 'inventory', session: login, upcs: [1] },
    'all items': { kind: 'inventory', session: login, upcs: [] },
    // It writes nothing, so nothing else would wait for the standby.
    'the same order again': buyer.buy('1x1', 'mine'),
    'too much': buyer.buy('1x9999'),
  };
  const stores = await Promise.all(
    Object.values(requests).map(() => openPostgresStore(address, ITEMS, () => undefined)),
  );
  const watched = await openPostgresStore(address, ITEMS, () => undefined);
  await watched.look();
  await stores[0]?.settle([{ kind: 'login', login }, buyer.buy('1x1', 'mine')]);
  const ask = () =>
    Promise.allSettled(
      Object.values(requests).map(async (request, index) => stores[index]?.settle([request])),
    );
  for (const answer of await ask()) expect(answer.status).toBe('fulfilled');

  primary.signalAll('SIGSTOP');
  await promote(standby);
  primary.signalAll('SIGCONT');
  // What subscribers are told comes from a look.
  const looked = watched.look().catch((error: Error) => error);
  const answers = await ask();
  expect(await looked).toBeInstanceOf(StoreUnavailable);
  const told = Object.keys(requests).filter((_, index) => answers[index]?.status === 'fulfilled');
  expect(told).toEqual([]);
  for (const answer of answers) {
    expect((answer as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailable);
  }
  for (const store of [...stores, watched]) await store.close().catch(() => undefined);
}, 60_000);

test('a new primary is found while the old one answers no commit, and sells what was in doubt', async () => {
  const primary = await PostgresServer.start(PRIMARY_SETTINGS);
  servers.push(primary);
  const standby = await startStandby(primary);
  servers.push(standby);
  const database = (await primary.newDatabase()).split('/').at(-1);
  const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`);
  const lost: unknown[] = [];
  const store = await openPostgresStore(
    `postgres://postgres@${hosts.join()}/${database}`,
    ITEMS,
    (event, about) => event === 'database lost' && lost.push(about?.why),
  );
  const buyer = new Buyer(login);
  await store.settle([{ kind: 'login', login }, buyer.buy('1x1', 'first')]);
  // The new primary is alone, and needs nobody to confirm its commits.
  standby.configure({ synchronous_standby_names: '' });
  standby.reload();
  await promote(standby);

  // Sent to the old primary, whose standby has left it: it is alive, and waits for ever.
  const start = performance.now();
  const outcome = await settleOne(store, buyer.buy('1x1', 'second'));
  expect(outcome).toMatchObject({ kind: 'receipt' });
  expect(performance.now() - start).toBeLessThan(4_500);
  expect(lost).toEqual([`it does not answer, and ${hosts[1]} takes writes now`]);
  expect(await levels(store)).toEqual({ 1: 98 });
  await store.close();
}, 60_000);

test('an operator is shown nothing by a primary whose commits no standby confirms', async () => {
  const primary = await PostgresServer.start(PRIMARY_SETTINGS);
  servers.push(primary);
  const standby = await startStandby(primary);
  servers.push(standby);
  const address = await primary.newDatabase();
  await (await openPostgresStore(address, ITEMS, () => undefined)).close();
  await (await openPostgresOperatorData(address)).close();
  // It is connected still, as after a thaw for a moment the standbys of a primary that was replaced.
  standby.signalAll('SIGSTOP');
  const opening = openPostgresOperatorData(address);
  await expect(opening).rejects.toThrow('it confirms no commit; no synchronous standby answers');
  standby.signalAll('SIGCONT');
}, 60_000);

test('where no standby is named, a reader causes no commit', async () => {
  const server = await PostgresServer.start();
  servers.push(server);
  const address = await server.newDatabase();
  const store = await openPostgresStore(address, ITEMS, () => undefined);
  const marks = () => server.run(address, 'SELECT batch, seen, xmin FROM inv.servers');
  const before = await marks();
  await levels(store);
  await settleOne(store, { kind: 'resume', tokenHash: 'none' });
  expect(await marks()).toEqual(before);
  await store.close();
});
