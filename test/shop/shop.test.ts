import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ErrorReply } from '../../src/protocol/errors.ts';
import { Client } from '../../src/shop/client.ts';
import { Shop } from '../../src/shop/shop.ts';
import type { State } from '../../src/shop/state.ts';
import { PASSWORDS } from '../support/in-process.ts';
import {
  type Answer,
  type BadLine,
  badLine,
  CUT,
  fakeServer,
  realServer,
  temporary,
} from './servers.ts';

const TICKETS = [{ upc: 1001, qty: 2 }];

let directory: string;
let line: BadLine;
let notes: string[];

/** A client of its own process, so to say: nothing but the directory is shared with the others. */
function newShop(server = line.address): Shop {
  const notify = (sentence: string): void => {
    notes.push(sentence);
  };
  const timeouts = { connectMs: 1_000, replyMs: 2_000 };
  return new Shop({ server, directory, notify, pauses: [1, 1], timeouts });
}

function state(): State {
  return JSON.parse(readFileSync(join(directory, 'shop.json'), 'utf8'));
}

function account(user = 'alice') {
  const found = state().accounts[`${user}@127.0.0.1:${line.address.port}`];
  if (found === undefined) throw new Error(`no account of ${user}`);
  return found;
}

async function available(upc: number): Promise<number | undefined> {
  const client = await Client.connect(line.target);
  await client.login('carol', PASSWORDS.carol);
  const [item] = await client.inventory([upc]);
  client.close();
  return item?.available;
}

async function unitsHeld(upc = 1001): Promise<number> {
  return account().items.find((item) => item.upc === upc)?.units ?? 0;
}

beforeEach(async () => {
  directory = temporary();
  notes = [];
  line = await badLine(await realServer());
});

describe('a login', () => {
  test('is there for the next one', async () => {
    const { account: name } = await newShop().login('alice', PASSWORDS.alice);
    expect(name).toBe(`alice@127.0.0.1:${line.address.port}`);
    expect(await newShop().loggedIn()).toMatchObject({ account: name, user: 'alice' });
    expect(await newShop().inventory()).toHaveLength(14);
  });

  test('with a wrong password leaves the one before', async () => {
    await newShop().login('alice', PASSWORDS.alice);
    await expect(newShop().login('bob', 'wrong')).rejects.toMatchObject({
      code: 'WRONGPASS',
      exit: 4,
    });
    expect(await newShop().loggedIn()).toMatchObject({ user: 'alice' });
  });

  test('of another user switches, and each keeps its own', async () => {
    const shop = newShop();
    await shop.login('alice', PASSWORDS.alice);
    await shop.purchase(TICKETS);
    await shop.login('bob', PASSWORDS.bob);
    expect((await shop.local()).items).toEqual([]);
    await shop.login('alice', PASSWORDS.alice);
    expect((await shop.local()).items).toMatchObject([{ upc: 1001, units: 2 }]);
  });

  test('of the same user ends the one before on the server', async () => {
    await newShop().login('alice', PASSWORDS.alice);
    const old = account().login?.token as string;
    const shop = newShop();
    await shop.login('alice', PASSWORDS.alice);
    const client = await Client.connect(line.target);
    await expect(client.resume(old)).rejects.toMatchObject({ code: 'NOSESSION' });
    client.close();
    expect(await shop.inventory()).toHaveLength(14);
  });

  test('that the server ended is forgotten', async () => {
    await newShop().login('alice', PASSWORDS.alice);
    const client = await Client.connect(line.target);
    await client.resume(account().login?.token as string);
    await client.logout();
    client.close();
    await expect(newShop().inventory()).rejects.toMatchObject({ code: 'NOSESSION', exit: 4 });
    expect(account().login).toBeNull();
    await expect(newShop().inventory()).rejects.toMatchObject({ code: 'NOAUTH', exit: 4 });
  });

  test('that ends in mid-connection is forgotten too', async () => {
    const shop = newShop();
    await shop.login('alice', PASSWORDS.alice);
    await newShop().logout();
    await newShop().login('alice', PASSWORDS.alice);
    expect(await shop.inventory()).toHaveLength(14);
  });

  test('asks nothing of the server when the local file cannot be written', async () => {
    const { address, commands } = await fakeServer(() => 'never');
    directory = join(directory, 'taken');
    writeFileSync(directory, '');
    await expect(newShop(address).login('alice', 'x')).rejects.toMatchObject({ code: 'LOCALFILE' });
    expect(commands).toEqual([]);
  });
});

describe('a logout', () => {
  test('ends the login on both sides and keeps what was bought', async () => {
    await newShop().login('alice', PASSWORDS.alice);
    const { token } = account().login as { token: string };
    await newShop().purchase(TICKETS);
    expect(await newShop().logout()).toBe(`alice@127.0.0.1:${line.address.port}`);
    const client = await Client.connect(line.target);
    await expect(client.resume(token)).rejects.toMatchObject({ code: 'NOSESSION' });
    client.close();
    expect((await newShop().local()).items).toMatchObject([{ units: 2 }]);
    await expect(newShop().logout()).rejects.toMatchObject({ code: 'NOAUTH', exit: 4 });
  });

  test('without a server keeps the login', async () => {
    await newShop().login('alice', PASSWORDS.alice);
    line.target = { host: '127.0.0.1', port: 1 };
    await expect(newShop().logout()).rejects.toMatchObject({ code: 'NOSERVER', exit: 5 });
    expect(account().login).not.toBeNull();
  });
});

test('who never logged in is told how', async () => {
  for (const call of [() => newShop().local(), () => newShop().inventory()]) {
    await expect(call()).rejects.toMatchObject({
      message: expect.stringContaining('inv shop login --host 127.0.0.1'),
      code: 'NOAUTH',
      exit: 4,
    });
  }
});

describe('a purchase', () => {
  beforeEach(async () => {
    await newShop().login('alice', PASSWORDS.alice);
  });

  test('is in the local inventory, with its names', async () => {
    const { receipt } = await newShop().purchase([...TICKETS, { upc: 1006, qty: 1 }]);
    expect(receipt).toMatchObject({
      replayed: false,
      lines: [{ available: 48 }, { available: 9 }],
    });
    expect((await newShop().local()).items).toEqual([
      { upc: 1001, name: 'Concert ticket, front row', units: 2 },
      { upc: 1006, name: 'Vinyl LP, signed', units: 1 },
    ]);
    expect(account().openOrders).toEqual([]);
  });

  test.each([
    ['NOSTOCK', [{ upc: 1001, qty: 51 }]],
    ['NOITEM', [{ upc: 9, qty: 1 }]],
  ])('that is refused (%s) leaves nothing open', async (code, lines) => {
    await expect(newShop().purchase(lines)).rejects.toMatchObject({ code, exit: 3 });
    expect(account().openOrders).toEqual([]);
    expect(await unitsHeld()).toBe(0);
  });

  test('without a server leaves nothing open', async () => {
    line.target = { host: '127.0.0.1', port: 1 };
    await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ code: 'NOSERVER', exit: 5 });
    expect(account().openOrders).toEqual([]);
  });

  test('whose answer is lost is unknown, and settled by the next command', async () => {
    line.cutReplyTo = 'PURCHASE';
    const failure = await newShop()
      .purchase(TICKETS)
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'UNKNOWN', exit: 6 });
    const [open] = account().openOrders;
    expect(failure.message).toContain(open?.order);
    expect(await unitsHeld()).toBe(0);
    expect(await available(1001)).toBe(48);

    await newShop().local();
    expect(notes.pop()).toContain('1 order still open');
    line.cutReplyTo = null;
    await newShop().inventory();
    expect(notes).toEqual([`The open order ${open?.order} is settled: it bought 2 × 1001.`]);
    expect(await unitsHeld()).toBe(2);
    expect(await available(1001)).toBe(48);
    await newShop().inventory();
    expect(notes).toHaveLength(1);
  });

  test('that may have arrived or not is unknown, and bought once by the next command', async () => {
    line.cutBefore = 'PURCHASE';
    await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ code: 'UNKNOWN', exit: 6 });
    expect(await available(1001)).toBe(50);
    line.cutBefore = null;
    await newShop().orders(20, null);
    expect(await unitsHeld()).toBe(2);
    expect(await available(1001)).toBe(48);
  });

  test('whose refusal is lost is settled as refused', async () => {
    line.cutReplyTo = 'PURCHASE';
    await expect(newShop().purchase([{ upc: 1001, qty: 51 }])).rejects.toMatchObject({ exit: 6 });
    line.cutReplyTo = null;
    await newShop().inventory();
    expect(notes).toEqual([expect.stringContaining('it bought nothing, NOSTOCK too little stock')]);
    expect(account().openOrders).toEqual([]);
  });

  test('settles the older ones first, and does not send itself when that fails', async () => {
    line.cutReplyTo = 'PURCHASE';
    await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    await expect(newShop().purchase([{ upc: 1002, qty: 1 }])).rejects.toMatchObject({ exit: 5 });
    expect(account().openOrders).toMatchObject([{ lines: TICKETS }]);
    expect(await available(1002)).toBe(200);
    line.cutReplyTo = null;
    await newShop().purchase([{ upc: 1002, qty: 1 }]);
    expect(await unitsHeld(1001)).toBe(2);
    expect(await unitsHeld(1002)).toBe(1);
  });

  test.each(['logout', 'login'] as const)('that is open is settled by a %s', async (command) => {
    line.cutReplyTo = 'PURCHASE';
    await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    line.cutReplyTo = null;
    if (command === 'login') await newShop().login('alice', PASSWORDS.alice);
    else await newShop().logout();
    expect(await unitsHeld()).toBe(2);
  });

  test('of another account waits for that account', async () => {
    line.cutReplyTo = 'PURCHASE';
    await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    line.cutReplyTo = null;
    await newShop().login('bob', PASSWORDS.bob);
    expect(notes).toEqual([]);
    expect(account('bob').items).toEqual([]);
    await newShop().login('alice', PASSWORDS.alice);
    expect(await unitsHeld()).toBe(2);
  });
});

describe('an order id of one’s own', () => {
  beforeEach(async () => {
    await newShop().login('alice', PASSWORDS.alice);
  });

  test('buys once, however often it is sent', async () => {
    expect((await newShop().purchase(TICKETS, 'mine')).receipt.replayed).toBe(false);
    for (let round = 0; round < 3; round++) {
      expect((await newShop().purchase(TICKETS, 'mine')).receipt).toMatchObject({ replayed: true });
    }
    expect(await unitsHeld()).toBe(2);
    expect(account().openOrders).toEqual([]);
  });

  test('is refused for another order, and leaves nothing open', async () => {
    await newShop().purchase(TICKETS, 'mine');
    await expect(newShop().purchase([{ upc: 1001, qty: 3 }], 'mine')).rejects.toMatchObject({
      code: 'ORDERREUSED',
      exit: 3,
    });
    expect(account().openOrders).toEqual([]);
    expect(await unitsHeld()).toBe(2);
  });

  test('keeps its refusal', async () => {
    for (let round = 0; round < 2; round++) {
      const again = newShop().purchase([{ upc: 1001, qty: 51 }], 'mine');
      await expect(again).rejects.toMatchObject({ code: 'NOSTOCK', exit: 3 });
    }
    expect(account().openOrders).toEqual([]);
  });

  test('that was bought from elsewhere adds nothing here', async () => {
    const here = directory;
    directory = temporary();
    await newShop().login('alice', PASSWORDS.alice);
    await newShop().purchase(TICKETS, 'mine');
    directory = here;
    expect((await newShop().purchase(TICKETS, 'mine')).receipt.replayed).toBe(true);
    expect(await unitsHeld()).toBe(0);
    expect(account().openOrders).toEqual([]);
  });

  test('may be one that this client made itself, whose answer was lost', async () => {
    line.cutReplyTo = 'PURCHASE';
    await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    line.cutReplyTo = null;
    const { order } = account().openOrders[0] as { order: string };
    expect((await newShop().purchase(TICKETS, order)).receipt).toMatchObject({
      order,
      replayed: true,
    });
    expect(await unitsHeld()).toBe(2);
  });

  test('adds once when many send it at the same time', async () => {
    const shops = Array.from({ length: 20 }, () => newShop());
    const bought = await Promise.all(shops.map((shop) => shop.purchase(TICKETS, 'mine')));
    expect(bought.filter(({ receipt }) => !receipt.replayed)).toHaveLength(1);
    expect(await unitsHeld()).toBe(2);
    expect(await available(1001)).toBe(48);
    expect(account().openOrders).toEqual([]);
  });
});

test('many purchases at the same time lose nothing', async () => {
  await newShop().login('alice', PASSWORDS.alice);
  const shops = Array.from({ length: 25 }, () => newShop());
  await Promise.all(shops.map((shop) => shop.purchase([{ upc: 1001, qty: 1 }])));
  expect(await unitsHeld()).toBe(25);
  expect(await available(1001)).toBe(25);
});

describe('a server that cannot do it now', () => {
  const RECEIPT = {
    order: 'mine',
    at: 1,
    replayed: false,
    lines: [{ upc: 1001, qty: 2, available: 1 }],
  };

  /** A shop logged in to a server that answers PURCHASE with these, one after the other. */
  async function shopOf(...answers: (Answer | Promise<Answer>)[]) {
    const { address, commands } = await fakeServer(([verb]) => {
      if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
      if (verb === 'RESUME') return { user: 'alice', since: 1 };
      if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 3 }];
      if (verb === 'ORDER') return new ErrorReply('NOORDER', 'no such order');
      if (verb === 'PURCHASE') return answers.shift();
      return undefined;
    });
    line = { ...line, address };
    const shop = newShop(address);
    await shop.login('alice', 'x');
    const sent = () =>
      commands.filter(([verb]) => verb === 'PURCHASE').map((words) => words.at(-1));
    return { shop, sent, address };
  }

  const BUSY = new ErrorReply('BUSY', 'too much to do');
  const UNAVAILABLE = new ErrorReply('UNAVAILABLE', 'the store could not commit');

  test('is asked again under the same id', async () => {
    const { shop, sent } = await shopOf(BUSY, UNAVAILABLE, RECEIPT);
    await shop.purchase(TICKETS, 'mine');
    expect(sent()).toEqual(['mine', 'mine', 'mine']);
    expect(await unitsHeld()).toBe(2);
    expect(account().openOrders).toEqual([]);
  });

  test.each([BUSY, UNAVAILABLE])(
    'is given up after a while ($code), and nothing is open',
    async (refusal) => {
      const { shop } = await shopOf(refusal, refusal, refusal);
      await expect(shop.purchase(TICKETS)).rejects.toMatchObject({ code: refusal.code, exit: 1 });
      expect(account().openOrders).toEqual([]);
    },
  );

  test('after an answer was lost, the order stays open', async () => {
    const { shop, sent } = await shopOf(CUT, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, RECEIPT);
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({ exit: 6 });
    // Its first try may have bought it: "busy" says nothing about that one.
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({
      code: 'UNKNOWN',
      exit: 6,
    });
    expect(notes).toEqual(['The order mine is still open: BUSY too much to do.']);
    expect(account().openOrders).toMatchObject([{ order: 'mine' }]);
    await shop.inventory();
    expect(new Set(sent())).toEqual(new Set(['mine']));
    expect(await unitsHeld()).toBe(2);
  });

  test('an order that another process tried too, without an answer, stays open', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const held = new Promise<Answer>((resolve) => {
      release = resolve;
    });
    const { shop, sent, address } = await shopOf(held, CUT, BUSY, BUSY);
    const purchase = shop.purchase(TICKETS, 'mine').catch((error) => error);
    await vi.waitFor(() => expect(sent()).toHaveLength(1));
    await expect(newShop(address).inventory()).rejects.toMatchObject({ code: 'NOSERVER' });
    release(BUSY);
    // Its own tries did nothing; the other process's may have bought it.
    expect(await purchase).toMatchObject({ code: 'UNKNOWN', exit: 6 });
    expect(sent()).toEqual(['mine', 'mine', 'mine', 'mine']);
    expect(account().openOrders).toMatchObject([{ order: 'mine' }]);
  });

  test('an order that is open with other lines is not sent', async () => {
    const { shop, sent } = await shopOf(CUT, BUSY, BUSY, BUSY);
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({ exit: 6 });
    const other = shop.purchase([{ upc: 1001, qty: 3 }], 'mine');
    await expect(other).rejects.toMatchObject({ code: 'ORDERREUSED', exit: 3 });
    expect(sent()).toHaveLength(4);
    expect(account().openOrders).toMatchObject([{ lines: TICKETS }]);
  });
});

test('an order that cannot be written down is not sent', async () => {
  await newShop().login('alice', PASSWORDS.alice);
  // The spare copy's place is taken, as on a disk without room.
  mkdirSync(join(directory, 'shop.spare.json'));
  await expect(newShop().purchase(TICKETS)).rejects.toMatchObject({ code: 'LOCALFILE', exit: 1 });
  expect(await available(1001)).toBe(50);
});
