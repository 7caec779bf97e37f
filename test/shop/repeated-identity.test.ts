/** The identity of a shop at another address: anybody can repeat it, and a shop may have moved. */
import { expect, test } from 'vitest';
import type { Address } from '../../src/client/address.ts';
import { Client } from '../../src/client/client.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { MAX_LOGINS } from '../../src/shop/state/accounts.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, available, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';
import { type Answer, badLine, fakeServer } from './support/servers.ts';

const at = newPlace();

/** A server that tells the identity of the real one, and sells nothing; `answer` comes before its own. */
async function repeater(answer: (words: string[]) => Answer | undefined = () => undefined) {
  const client = await Client.connect(at.line.target);
  client.close();
  const { id = '', since = '' } = client.shop ?? {};
  let logins = 0;
  const { address, commands } = await fakeServer((words): Answer | undefined => {
    const own = answer(words);
    if (own !== undefined) return own;
    const [verb] = words;
    if (verb === 'HELLO') return { server: 'inv', shop: id, shop_since: since };
    if (verb === 'LOGIN') return { token: `fake-${++logins}`, user: 'alice', since: logins };
    if (verb === 'RESUME') return { user: 'alice', since: 1 };
    if (verb === 'INVENTORY' || verb === 'HOLDS') return [];
    if (verb === 'LOGOUT') return 'OK';
    if (verb === 'ORDER') return new ErrorReply('NOORDER', 'no such order');
    return new ErrorReply('NOSTOCK', 'not enough stock: 1001 asked 2 available 0');
  });
  const strangersTokens = () =>
    commands.filter(([verb, token = '']) => verb === 'RESUME' && !token.startsWith('fake-'));
  const asked = (verb: string) => commands.filter(([one]) => one === verb);
  return { address, asked, strangersTokens };
}

const logIn = (server: Address = at.line.address) =>
  newShop(at, server).login('alice', PASSWORDS.alice);

/** Leaves an order of alice’s in doubt that the real server has filled. */
async function leaveOpen(order: string): Promise<void> {
  at.line.cutReplyTo = 'PURCHASE';
  await expect(newShop(at).purchase(TICKETS, order)).rejects.toMatchObject({ exit: 6 });
  at.line.cutReplyTo = null;
}

test('whoever repeats the identity of a shop gets none of its tokens', async () => {
  await logIn();
  const token = account(at).logins[0]?.token as string;
  const fake = await repeater(([verb]) =>
    verb === 'RESUME' ? new ErrorReply('NOSESSION', 'that token is not logged in') : undefined,
  );
  await logIn(fake.address);
  await expect(newShop(at, fake.address).inventory()).rejects.toMatchObject({ exit: 4 });
  await expect(newShop(at, fake.address).inventory()).rejects.toMatchObject({ exit: 4 });
  expect(fake.strangersTokens()).toEqual([]);
  expect(account(at).logins).toMatchObject([{ token }]);
  await newShop(at).inventory();
  // What is told of the account names the server that was meant.
  const name = `alice@127.0.0.1:${at.line.address.port}`;
  expect(await newShop(at).local()).toMatchObject({ account: name });
  expect(await newShop(at).verify(false)).toMatchObject({ account: name });
});

test('nor by a logout, by logins --end, or by one login too many', async () => {
  await logIn();
  const fake = await repeater();
  const port = fake.address.port;
  const name = `alice@127.0.0.1:${port}`;
  for (let number = 0; number < MAX_LOGINS + 1; number++) await logIn(fake.address);
  expect(account(at).logins).toHaveLength(MAX_LOGINS + 1);
  expect(await newShop(at, fake.address).logout()).toEqual({ account: name, already: false });
  const own = `alice@127.0.0.1:${at.line.address.port}`;
  expect(at.notes).toEqual([`${own} stays logged in; \`inv shop logins --end ${own}\` ends that.`]);
  for (const end of ['alice', name]) {
    await logIn(fake.address);
    expect(await newShop(at, fake.address).endLogins(end)).toEqual({
      account: name,
      already: false,
    });
  }
  expect(fake.asked('LOGOUT')).toHaveLength(MAX_LOGINS + 3);
  expect(fake.strangersTokens()).toEqual([]);
  // The login of the shop itself is there, and ends.
  await newShop(at).inventory();
  expect(await newShop(at).logout()).toEqual({ account: own, already: false });
  expect(account(at).logins).toEqual([]);
});

test('an order that another address was sent is kept there, told, and settled where it was sent', async () => {
  await logIn();
  await leaveOpen('doubt');
  const fake = await repeater();
  await logIn(fake.address);
  const { port } = at.line.address;
  expect(at.notes).toEqual([
    `Not sent to 127.0.0.1:${fake.address.port}: order doubt (2 × 1001), first sent to 127.0.0.1:${port}. ` +
      `To settle what was sent there, use any command with \`--host 127.0.0.1 --port ${port}\`; if the shop has ` +
      "moved here, repeat the order's command with its --order; to forget it, use `inv shop verify --drop ID`.",
  ]);
  expect(fake.asked('PURCHASE')).toEqual([]);
  expect(account(at).openOrders).toMatchObject([{ order: 'doubt' }]);
  await newShop(at).inventory();
  expect(at.notes.at(-1)).toBe('The open order doubt is settled: it bought 2 × 1001.');
  expect(account(at).openOrders).toEqual([]);
  expect(unitsHeld(at)).toBe(2);
});

test('a shop that does not know the last order at another address keeps no order from being settled', async () => {
  await logIn();
  await newShop(at).purchase(TICKETS, 'sold');
  await leaveOpen('doubt');
  const fake = await repeater();
  await logIn(fake.address);
  expect(at.notes).toContainEqual(expect.stringContaining('does not know order sold'));
  await newShop(at).inventory();
  expect(unitsHeld(at)).toBe(4);
});

test('that another address knows no hold does not close a confirm', async () => {
  await logIn();
  await newShop(at).hold(TICKETS, 60, 'h');
  at.line.cutReplyTo = 'CONFIRM';
  await expect(newShop(at).confirm('h')).rejects.toMatchObject({ exit: 6 });
  at.line.cutReplyTo = null;
  const fake = await repeater();
  await logIn(fake.address);
  const confirmed = newShop(at, fake.address).confirm('h');
  await expect(confirmed).rejects.toMatchObject({ code: 'NOORDER' });
  expect(account(at).openOrders).toMatchObject([{ kind: 'confirm', order: 'h' }]);
  await newShop(at).inventory();
  expect(unitsHeld(at)).toBe(2);
});

/** The shop stands at another address from now on, and alice logs in there. */
async function move(): Promise<Address> {
  const { address } = await badLine(at.line.target);
  at.line.target = { host: '127.0.0.1', port: 1 };
  await expect(newShop(at, address).inventory()).rejects.toMatchObject({ code: 'NOAUTH' });
  await logIn(address);
  return address;
}

test('a shop that has moved goes on with one inventory, and gets an open order when it is repeated', async () => {
  await logIn();
  await newShop(at).purchase(TICKETS, 'sold');
  await leaveOpen('doubt');
  const there = await move();
  expect((await newShop(at, there).local()).items).toMatchObject([{ units: 2 }]);
  expect((await newShop(at, there).purchase(TICKETS, 'doubt')).receipt.replayed).toBe(true);
  expect(unitsHeld(at)).toBe(4);
  expect(account(at).openOrders).toEqual([]);
  expect(await newShop(at, there).verify(false)).toMatchObject({ ok: true });
});

test('a repair at the new address of a shop closes an open order that is among what it sold', async () => {
  await logIn();
  await leaveOpen('doubt');
  const there = await move();
  expect(await newShop(at, there).verify(true)).toMatchObject({ ok: true, openOrders: [] });
  expect(unitsHeld(at)).toBe(2);
  expect(account(at).openOrders).toEqual([]);
});

test('an order that was repeated at another address and got lost is settled there', async () => {
  await logIn();
  at.line.cutBefore = 'PURCHASE';
  await expect(newShop(at).purchase(TICKETS, 'doubt')).rejects.toMatchObject({ exit: 6 });
  const line = await badLine(at.line.target);
  await logIn(line.address);
  line.cutReplyTo = 'PURCHASE';
  const repeated = newShop(at, line.address).purchase(TICKETS, 'doubt');
  await expect(repeated).rejects.toMatchObject({ exit: 6 });
  line.cutReplyTo = null;
  await newShop(at, line.address).inventory();
  expect(account(at).openOrders).toEqual([]);
  expect(unitsHeld(at)).toBe(2);
  at.line.cutBefore = null;
  expect(await available(at, 1001)).toBe(48);
});
