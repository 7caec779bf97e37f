import { beforeEach, describe, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Shop } from '../../src/shop/shop.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';
import { realServer } from './support/servers.ts';

const CATALOG: readonly Item[] = [{ upc: 1001, name: 'Ticket', units: 50, returns: true }];
const at = newPlace(() => realServer(CATALOG));

const failureOf = (asked: Promise<unknown>) => asked.then(() => null).catch((error) => error);

/** Leaves an order open: it did not arrive, and the client cannot know that. */
async function leaveOpen(verb: string, ask: (shop: Shop) => Promise<unknown>): Promise<void> {
  at.line.cutBefore = verb;
  expect(await failureOf(ask(newShop(at)))).toMatchObject({ exit: 6 });
  at.line.cutBefore = null;
}

beforeEach(async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
});

describe('a command that sends an open order again and loses the reply says that it is unknown', () => {
  test.each([
    ['PURCHASE', 'order x', (shop: Shop) => shop.purchase(TICKETS, 'x')],
    ['HOLD', 'hold x', (shop: Shop) => shop.hold(TICKETS, 600, 'x')],
    [
      'CONFIRM',
      'order x',
      async (shop: Shop) => {
        if (account(at).holds.length === 0) await newShop(at).hold(TICKETS, 600, 'x');
        return shop.confirm('x');
      },
    ],
    [
      'RETURN',
      'return x',
      async (shop: Shop) => {
        if (account(at).items.length === 0) await newShop(at).purchase(TICKETS, 'p');
        return shop.return('p', TICKETS, 'x');
      },
    ],
  ] as const)('%s', async (verb, what, ask) => {
    await leaveOpen(verb, ask);
    at.line.cutReplyTo = verb;
    expect(await failureOf(ask(newShop(at)))).toMatchObject({
      code: 'UNKNOWN',
      exit: 6,
      details: { order: 'x' },
      message:
        `the reply to ${what} did not come (the server closed it), so its outcome is unknown; ` +
        'it is saved; the next command that reaches the server finds out what happened',
    });
    // What another command is for was not sent.
    for (const other of [(shop: Shop) => shop.inventory(), (shop: Shop) => shop.logout()]) {
      expect(await failureOf(other(newShop(at)))).toMatchObject({
        code: 'NOSERVER',
        exit: 5,
        message: expect.stringContaining(`; still unconfirmed from before: ${what}`),
      });
    }
    at.line.cutReplyTo = null;
    await newShop(at).inventory();
    expect(account(at).openOrders).toEqual([]);
  });

  test('a login says that it was made', async () => {
    await leaveOpen('PURCHASE', (shop) => shop.purchase(TICKETS, 'x'));
    at.line.cutReplyTo = 'PURCHASE';
    const failure = await failureOf(newShop(at).login('alice', PASSWORDS.alice));
    expect(failure).toMatchObject({ code: 'UNKNOWN', exit: 6, details: { order: 'x' } });
    expect(failure.message).toMatch(
      /^alice@127\.0\.0\.1:\d+ is logged in, but order x is still unconfirmed \(.+\); it is saved; the next command/,
    );
    expect(account(at).logins).toHaveLength(2);
  });
});

test('a login says that it was made also when the shop could not be asked whether it lost anything', async () => {
  await newShop(at).purchase(TICKETS, 'p');
  await leaveOpen('PURCHASE', (shop) => shop.purchase(TICKETS, 'x'));
  at.line.cutReplyTo = 'ORDER';
  expect(await failureOf(newShop(at).login('alice', PASSWORDS.alice))).toMatchObject({
    code: 'UNKNOWN',
    exit: 6,
    details: { order: 'x' },
    message: expect.stringContaining(' is logged in, but order x is still unconfirmed ('),
  });
});

test('without a server, what is open from before is named', async () => {
  await leaveOpen('PURCHASE', (shop) => shop.purchase(TICKETS, 'x'));
  at.line.target = { host: '127.0.0.1', port: 1 };
  expect(await failureOf(newShop(at).purchase(TICKETS, 'x'))).toMatchObject({
    code: 'NOSERVER',
    exit: 5,
    message: expect.stringMatching(/; still unconfirmed from before: order x$/),
  });
  expect(account(at).openOrders).toHaveLength(1);
});
