/** `inv shop verify --drop`: whose open order is forgotten. */
import { beforeEach, expect, test } from 'vitest';
import { Accounts } from '../../src/shop/state/accounts.ts';
import { StateFile } from '../../src/shop/state/state-file.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';
import { realServer } from './support/servers.ts';

const at = newPlace();
const nameOf = (user: string) => `${user}@127.0.0.1:${at.line.address.port}`;
const openOrders = (user: string) => account(at, user).openOrders.map(({ order }) => order);
const as = (user?: string) => newShop(at, at.line.address, user);

/** A user logs in and leaves an order of this id open. */
async function leaveOpen(user: 'alice' | 'bob', order: string): Promise<void> {
  await as().login(user, PASSWORDS[user]);
  at.line.cutBefore = 'PURCHASE';
  await expect(as(user).purchase(TICKETS, order)).rejects.toMatchObject({ exit: 6 });
  at.line.cutBefore = null;
}

beforeEach(() => leaveOpen('alice', 'cart-1'));

test('an id that two accounts have is forgotten for the one of the last login', async () => {
  await leaveOpen('bob', 'cart-1');
  expect(await as().drop('cart-1')).toBe(nameOf('bob'));
  expect([openOrders('alice'), openOrders('bob')]).toEqual([['cart-1'], []]);
});

test('or for the one of --user', async () => {
  await leaveOpen('bob', 'cart-1');
  expect(await as('alice').drop('cart-1')).toBe(nameOf('alice'));
  expect([openOrders('alice'), openOrders('bob')]).toEqual([[], ['cart-1']]);
});

test('an order of another account stays, and the failure says whose it is', async () => {
  await as().login('bob', PASSWORDS.bob);
  for (const shop of [as(), as('bob')]) {
    await expect(shop.drop('cart-1')).rejects.toMatchObject({
      ...{ code: 'USAGE', exit: 2 },
      message: `order cart-1 is open not for ${nameOf('bob')} but for ${nameOf('alice')}; to forget it, give --user alice`,
    });
  }
  await expect(as('carol').drop('cart-1')).rejects.toMatchObject({
    message: `order cart-1 is open for ${nameOf('alice')}; to forget it, give --user alice`,
  });
  expect(openOrders('alice')).toEqual(['cart-1']);
  expect(await as().drop('cart-2')).toBeNull();
});

test('an order of an account that is logged out is forgotten, without a server', async () => {
  await as().login('bob', PASSWORDS.bob);
  await new Accounts(new StateFile(at.directory, () => undefined)).forget(
    nameOf('alice'),
    account(at).logins.map(({ token }) => token),
  );
  at.line.target = { host: '127.0.0.1', port: 1 };
  expect(account(at).logins).toEqual([]);
  expect(await as('alice').drop('cart-1')).toBe(nameOf('alice'));
  expect(openOrders('alice')).toEqual([]);
});

test('so is one that an earlier shop at the address was sent', async () => {
  at.line.target = await realServer();
  await as().login('alice', PASSWORDS.alice);
  expect(await as().drop('cart-1')).toBe(nameOf('alice'));
  expect(await as().drop('cart-1')).toBeNull();
});
