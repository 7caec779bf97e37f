import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/client/address.ts';
import { Client } from '../../src/client/client.ts';
import { ConnectionLost, NoServer, NotInv, Refused } from '../../src/client/errors.ts';
import { OK, type Reply } from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { type Answer, CUT, fakeServer, Raw, SILENCE } from '../shop/support/servers.ts';

const RECEIPT = {
  order: 'o',
  at: 1_700_000_000_000,
  replayed: false,
  lines: [{ upc: 1001, qty: 2, available: 48 }],
};

/** A client of a server that gives this one answer. */
async function clientOf(answer: Answer) {
  const server = await fakeServer(([verb]) => (verb === 'HELLO' ? undefined : answer));
  return { client: await Client.connect(server.address), commands: server.commands };
}

test('says HELLO 3 first', async () => {
  const { client, commands } = await clientOf(OK);
  await client.logout();
  expect(commands).toEqual([['HELLO', '3'], ['LOGOUT']]);
});

test('login', async () => {
  const { client, commands } = await clientOf({ token: 't0', user: 'alice', since: 5 });
  expect(await client.login('alice', 'secret word')).toEqual({
    token: 't0',
    user: 'alice',
    since: 5,
  });
  expect(commands[1]).toEqual(['LOGIN', 'alice', 'secret word']);
});

test('resume', async () => {
  const { client, commands } = await clientOf({ user: 'alice', since: 5 });
  expect(await client.resume('t0')).toEqual({ user: 'alice', since: 5 });
  expect(commands[1]).toEqual(['RESUME', 't0']);
});

test('inventory, with names that cannot harm a terminal', async () => {
  const name = Buffer.from('Größe \u001b[2J\u202e').toString('latin1');
  const { client, commands } = await clientOf([{ upc: 1001, name, available: 0 }]);
  expect(await client.inventory([1001, 7])).toEqual([
    { upc: 1001, name: 'Größe \ufffd[2J\ufffd', available: 0 },
  ]);
  expect(commands[1]).toEqual(['INVENTORY', '1001', '7']);
});

test('purchase', async () => {
  const two = { ...RECEIPT, lines: [{ upc: 7, qty: 2, available: 1 }, ...RECEIPT.lines] };
  const { client, commands } = await clientOf(two);
  // A UPC that is named twice is bought once, with the sum.
  const lines = [
    { upc: 1001, qty: 2 },
    { upc: 7, qty: 1 },
    { upc: 7, qty: 1 },
  ];
  expect(await client.purchase(lines, 'o')).toEqual(two);
  expect(commands[1]).toEqual(['PURCHASE', '1001', '2', '7', '1', '7', '1', 'ORDER', 'o']);
});

test('orders, bought and refused', async () => {
  const { replayed, ...bought } = RECEIPT;
  const refused = { order: 'p', at: 1, lines: [], refusal: 'NOITEM no such UPC: 1' };
  const { client, commands } = await clientOf([{ ...bought, refusal: null }, refused]);
  expect(await client.orders(2, 'x')).toEqual([
    { ...bought, refusal: null, state: 'bought' },
    { ...refused, state: 'refused' },
  ]);
  await client.orders(20, null);
  expect(commands.slice(1)).toEqual([
    ['ORDERS', 'COUNT', '2', 'BEFORE', 'x'],
    ['ORDERS', 'COUNT', '20'],
  ]);
});

const HOLD = { ...RECEIPT, state: 'held', until: 1_700_000_600_000 };
const LINES = [{ upc: 1001, qty: 2 }];
const TWO_LINES = [...LINES, { upc: 7, qty: 1 }];

test('hold, extend, release and confirm', async () => {
  const { client, commands } = await clientOf(HOLD);
  expect(await client.hold(LINES, 600, 'o')).toEqual(HOLD);
  expect(await client.extend('o', 60)).toBe(HOLD.until);
  expect(await client.confirm('o', LINES)).toEqual(RECEIPT);
  const { client: other, commands: others } = await clientOf(OK);
  await other.release('o');
  expect([...commands.slice(1), ...others.slice(1)]).toEqual([
    ['HOLD', '1001', '2', 'FOR', '600', 'ORDER', 'o'],
    ['EXTEND', 'o', 'FOR', '60'],
    ['CONFIRM', 'o'],
    ['RELEASE', 'o'],
  ]);
});

test('holds', async () => {
  const { replayed, ...untold } = HOLD;
  const { client, commands } = await clientOf([HOLD, { ...untold, order: 'p' }]);
  expect(await client.holds()).toEqual([HOLD, { ...HOLD, order: 'p' }]);
  expect(commands[1]).toEqual(['HOLDS']);
});

test('return', async () => {
  const { client, commands } = await clientOf({ ...RECEIPT, of: 'b' });
  expect(await client.return('b', LINES, 'o')).toEqual({ ...RECEIPT, of: 'b' });
  expect(commands[1]).toEqual(['RETURN', 'b', '1001', '2', 'ORDER', 'o']);
});

test('an order tells what became of it, and nothing of what it does not have', async () => {
  const ended = { ...HOLD, state: 'released', ended: 1_700_000_001_234, of: null };
  const { client } = await clientOf(ended);
  const { of, ...told } = ended;
  expect(await client.order('o')).toEqual(told);
  // A server without holds tells no state.
  const old = await clientOf(RECEIPT);
  expect(await old.client.order('o')).toEqual({ ...RECEIPT, state: 'bought' });
});

test('the clock of the server', async () => {
  const { client } = await clientOf(['1700000000', '123456']);
  expect(await client.time()).toBe(1_700_000_000_123);
});

test('items tell how many a customer can buy, and whether they are taken back', async () => {
  const item = { upc: 1001, name: 'x', available: 1 };
  const { client } = await clientOf([
    { ...item, limit: 4, returns: true },
    { ...item, upc: 7 },
  ]);
  expect(await client.inventory()).toEqual([
    { ...item, limit: 4, returns: true },
    { ...item, upc: 7 },
  ]);
});

test.each<[string, Reply, (client: Client) => Promise<unknown>]>([
  ['one of two items, of a purchase', RECEIPT, (c) => c.purchase(TWO_LINES, 'o')],
  ['one of two items, of a hold', HOLD, (c) => c.hold(TWO_LINES, 60, 'o')],
  ['one of two items, of a confirmed hold', RECEIPT, (c) => c.confirm('o', TWO_LINES)],
  ['one of two items, of a return', { ...RECEIPT, of: 'b' }, (c) => c.return('b', TWO_LINES, 'o')],
  ['a hold without an end', RECEIPT, (c) => c.hold(LINES, 60, 'o')],
  ['a hold that ends in mid-second', { ...HOLD, until: 1_500 }, (c) => c.hold(LINES, 60, 'o')],
  [
    'a hold of other items',
    { ...HOLD, lines: [{ upc: 7, qty: 2, available: 1 }] },
    (c) => c.hold(LINES, 60, 'o'),
  ],
  ['a new hold that is over', { ...HOLD, state: 'expired' }, (c) => c.hold(LINES, 60, 'o')],
  [
    'a hold that was given back',
    { ...HOLD, state: 'returned', replayed: true },
    (c) => c.hold(LINES, 60, 'o'),
  ],
  ['another hold', { ...HOLD, order: 'p' }, (c) => c.confirm('o')],
  [
    'other items than are held',
    { ...HOLD, lines: [{ upc: 7, qty: 2, available: 1 }] },
    (c) => c.confirm('o', LINES),
  ],
  ['another hold', { ...HOLD, order: 'p' }, (c) => c.extend('o', 60)],
  ['more than done', HOLD, (c) => c.release('o')],
  ['a hold twice', [HOLD, HOLD], (c) => c.holds()],
  ['a hold that is over', [{ ...HOLD, state: 'expired' }], (c) => c.holds()],
  ['a hold of no id', [{ ...HOLD, order: 'a b' }], (c) => c.holds()],
  ['a hold of nothing', [{ ...HOLD, lines: [] }], (c) => c.holds()],
  ['a return of another order', { ...RECEIPT, of: 'x' }, (c) => c.return('b', LINES, 'o')],
  ['a return of no order', RECEIPT, (c) => c.return('b', LINES, 'o')],
  ['another return', { ...RECEIPT, of: 'b', order: 'p' }, (c) => c.return('b', LINES, 'o')],
  [
    'fewer units',
    { ...RECEIPT, of: 'b', lines: [{ upc: 1001, qty: 1, available: 1 }] },
    (c) => c.return('b', LINES, 'o'),
  ],
  ['a state of its own', { ...RECEIPT, state: 'lost' }, (c) => c.order('o')],
  ['no time', ['soon'], (c) => c.time()],
])('a reply of %s leaves the outcome unknown', async (_name, reply, ask) => {
  const { client } = await clientOf(reply);
  await expect(ask(client)).rejects.toMatchObject({ name: 'ConnectionLost', sent: true });
  expect(client.isOpen).toBe(false);
});

test.each<[string, Reply]>([
  ['no map', OK],
  ['a map that lacks something', { order: 'o', at: 1, lines: [] }],
  ['not clear about whether it repeats something', { ...RECEIPT, replayed: null }],
  ['told to repeat something by a text', { ...RECEIPT, replayed: 'false' }],
  ['a number that is a text', { ...RECEIPT, at: '1' }],
  ['a time beyond all dates', { ...RECEIPT, at: 9_000_000_000_000_000 }],
  ['lines that are no list', { ...RECEIPT, lines: null }],
  ['a line without its UPC', { ...RECEIPT, lines: [{ qty: 1, available: 1 }] }],
  ['about another order', { ...RECEIPT, order: 'p' }],
  ['about another item', { ...RECEIPT, lines: [{ upc: 7, qty: 2, available: 1 }] }],
  ['about three times as many', { ...RECEIPT, lines: [{ upc: 1001, qty: 6, available: 1 }] }],
  [
    'about one item more',
    { ...RECEIPT, lines: [...RECEIPT.lines, { upc: 7, qty: 1, available: 1 }] },
  ],
  ['about one item twice', { ...RECEIPT, lines: [...RECEIPT.lines, ...RECEIPT.lines] }],
  ['about nothing', { ...RECEIPT, lines: [] }],
])('a receipt that is %s leaves the outcome unknown', async (_name, reply) => {
  const { client } = await clientOf(reply);
  const purchase = client.purchase([{ upc: 1001, qty: 2 }], 'o');
  await expect(purchase).rejects.toBeInstanceOf(ConnectionLost);
  await expect(purchase).rejects.toMatchObject({ sent: true });
  expect(client.isOpen).toBe(false);
});

test('a negative number is none of ours', async () => {
  const { client } = await clientOf(
    new Raw('*1\r\n%3\r\n+upc\r\n:1\r\n+name\r\n+x\r\n+available\r\n:-1\r\n'),
  );
  await expect(client.inventory()).rejects.toThrow('"available" is no whole number');
});

test.each<[string, Reply, (client: Client) => Promise<unknown>]>([
  ['a login of somebody else', { token: 't', user: 'bob', since: 1 }, (c) => c.login('alice', 'x')],
  ['another login', { user: 'bob', since: 1 }, (c) => c.resume('t', 'alice')],
  ['a token with a space', { token: 'a b', user: 'a', since: 1 }, (c) => c.login('a', 'x')],
  ['another item', [{ upc: 7, name: 'x', available: 1 }], (c) => c.inventory([1001])],
  ['an item twice', Array(2).fill({ upc: 7, name: 'x', available: 1 }), (c) => c.inventory()],
  ['another order', { ...RECEIPT, order: 'p' }, (c) => c.order('o')],
  ['more orders', Array(2).fill({ ...RECEIPT, refusal: null }), (c) => c.orders(1, null)],
])('a reply that tells of %s than was asked for is no reply', async (_name, reply, ask) => {
  const { client } = await clientOf(reply);
  await expect(ask(client)).rejects.toBeInstanceOf(ConnectionLost);
  expect(client.isOpen).toBe(false);
});

describe('a peer that is not inv', () => {
  test.each<[string, Answer]>([
    ['talks HTTP', new Raw('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['greets first', new Raw('+OK POP3 ready\r\n')],
    ['speaks of itself', new Raw('SSH-2.0-OpenSSH_9.2\r\n')],
    ['does not know HELLO', new ErrorReply('ERR', "unknown command 'HELLO', with args '3'")],
    ['wants a password first', new ErrorReply('NOAUTH', 'HELLO must be called with …')],
    ['is a Redis', { server: 'redis', version: '7.0.0', proto: 3 }],
    ['tells an odd identity', { server: 'inv', shop: '\u001b[31m' }],
    ['sends more than HELLO needs', new Raw(`$${20_000}\r\n${'x'.repeat(20_000)}\r\n`)],
  ])('%s, and is told nothing but HELLO', async (_name, answer) => {
    const { address, commands } = await fakeServer(() => answer);
    const connecting = Client.connect(address, { connectMs: 500, replyMs: 500 });
    await expect(connecting).rejects.toEqual(new NotInv(`${nameOf(address)} is not an inv server`));
    expect(commands).toEqual([['HELLO', '3']]);
  });

  test.each<[string, Answer]>([
    ['hangs up', CUT],
    ['is silent', SILENCE],
  ])('%s, which may be a server in trouble', async (_name, answer) => {
    const { address } = await fakeServer(() => answer);
    const failure = await Client.connect(address, { connectMs: 500, replyMs: 50 }).catch((e) => e);
    expect(failure).toBeInstanceOf(NoServer);
    expect(failure).not.toBeInstanceOf(NotInv);
  });
});

test('a refusal of a secret is told without the words of the server, which may have it in them', async () => {
  const { client } = await clientOf(new ErrorReply('ERR', "wrong args 'alice' 'secret'"));
  for (const asked of [client.login('alice', 'secret'), client.resume('secret')]) {
    const failure = await asked.catch((error) => error);
    expect(failure).toBeInstanceOf(Refused);
    expect(JSON.stringify([failure.message, failure.code])).not.toContain('secret');
  }
});

test('the identity of the shop is told by HELLO, by a server that has one', async () => {
  const shop = '01a20000-0000-7000-8000-000000000001';
  const { address } = await fakeServer(() => undefined, { shop, shop_since: 7 });
  expect((await Client.connect(address)).shop).toEqual({ id: shop, since: '7' });
  const old = await fakeServer(() => undefined);
  expect((await Client.connect(old.address)).shop).toBeNull();
});

test('a server without room is no missing server', async () => {
  const { address } = await fakeServer(() => new ErrorReply('BUSY', 'of another kind'));
  await expect(Client.connect(address)).rejects.toMatchObject({
    code: 'BUSY',
    message: expect.stringMatching(/^the server at .* has no room/),
  });
});
