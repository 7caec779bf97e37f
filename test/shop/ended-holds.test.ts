/** Holds that ended elsewhere: this machine forgets one as soon as the server tells so, whatever was asked. */
import { beforeEach, expect, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Shop } from '../../src/shop/shop.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { newPlace, newShop, TICKETS } from './support/place.ts';
import { realServer } from './support/servers.ts';

const CATALOG: readonly Item[] = [{ upc: 1001, name: 'Ticket', units: 50, returns: true }];
const at = newPlace(() => realServer(CATALOG));

beforeEach(async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
});

const heldHere = async () => (await newShop(at).local()).holds.map(({ order }) => order);

const ASKED: Readonly<Record<string, (shop: Shop) => Promise<unknown>>> = {
  'a purchase': (shop) => shop.purchase(TICKETS, 'h'),
  'a hold': (shop) => shop.hold(TICKETS, 600, 'h'),
  'a confirmation': (shop) => shop.confirm('h'),
  'a release': (shop) => shop.release('h'),
  'an extension': (shop) => shop.extend('h', 700),
  'a return': (shop) => shop.return('h', TICKETS, 'r'),
  'the list of orders': (shop) => shop.orders(10, null),
  'the list of holds': (shop) => shop.holds(),
};

test.each(
  Object.entries(ASKED).flatMap(([what, ask]) => [
    ['released', what, ask] as const,
    ['bought', what, ask] as const,
  ]),
)('one that was %s elsewhere is forgotten with %s', async (how, what, ask) => {
  await newShop(at).hold(TICKETS, 600, 'h');
  await newShop(at).hold(TICKETS, 600, 'other');
  const elsewhere = await Client.connect(at.line.target);
  await elsewhere.login('alice', PASSWORDS.alice);
  await (how === 'released' ? elsewhere.release('h') : elsewhere.confirm('h', TICKETS));
  elsewhere.close();
  expect(await heldHere()).toEqual(['h', 'other']);
  await ask(newShop(at)).catch((error) => expect(error).toMatchObject({ exit: 3 }));
  // Of an order that was not bought, a return is refused with nothing about the hold.
  const isTold = what !== 'a return' || how === 'bought';
  expect(await heldHere()).toEqual(isTold ? ['other'] : ['h', 'other']);
});
