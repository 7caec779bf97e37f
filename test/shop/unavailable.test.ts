/** What a customer is told while the server cannot reach its data. */
import { expect, onTestFinished, test } from 'vitest';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { startServer } from '../support/in-process.ts';
import { storeAround } from '../support/store-around.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';

let isAway = false;

const at = newPlace(async () => {
  isAway = false;
  const item = { upc: 1001, name: 'Ticket', units: 50, returns: true };
  const server = await startServer({
    catalog: [item],
    wrap: (store: Store) =>
      storeAround(store, {
        settle: (requests) => {
          if (isAway) throw new StoreUnavailable('the database is away');
          return store.settle(requests);
        },
      }),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { host: '127.0.0.1', port: server.port };
});

async function loggedIn() {
  const shop = newShop(at);
  await shop.login('alice', 'wonderland');
  onTestFinished(() => shop.close());
  await shop.purchase(TICKETS, 'bought');
  await shop.hold(TICKETS, 600, 'held');
  isAway = true;
  return shop;
}

type Shop = Awaited<ReturnType<typeof loggedIn>>;

test.each<[string, (shop: Shop) => Promise<unknown>, string]>([
  ['a purchase', (shop) => shop.purchase(TICKETS), 'nothing was bought; '],
  ['a purchase under a chosen id', (shop) => shop.purchase(TICKETS, 'my'), 'nothing was bought; '],
  ['a hold', (shop) => shop.hold(TICKETS, 60), 'nothing is held; '],
  ['a confirmation', (shop) => shop.confirm('held'), 'nothing was bought; '],
  ['a release', (shop) => shop.release('held'), 'nothing was released; '],
  ['an extension', (shop) => shop.extend('held', 900), 'the hold was not extended; '],
  ['a return', (shop) => shop.return('bought', TICKETS), 'nothing was given back; '],
  [
    'a return under a chosen id',
    (shop) => shop.return('bought', TICKETS, 'my'),
    'nothing was given back; ',
  ],
  ['the inventory', (shop) => shop.inventory(), ''],
  ['a list of orders', (shop) => shop.orders(10, null), ''],
  ['a list of holds', (shop) => shop.holds(), ''],
])('%s', async (_, ask, nothing) => {
  const shop = await loggedIn();
  await expect(ask(shop)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    exit: 1,
    message: `the server cannot reach its data; ${nothing}try again`,
  });
  expect(account(at).openOrders).toEqual([]);
});
