import { expect, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { ConnectionLost, NoServer } from '../../src/client/errors.ts';
import { OK, type Reply } from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { type Answer, CUT, fakeServer, Raw } from '../shop/support/servers.ts';

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
  const { client, commands } = await clientOf(RECEIPT);
  const lines = [
    { upc: 1001, qty: 2 },
    { upc: 7, qty: 1 },
  ];
  expect(await client.purchase(lines, 'o')).toEqual(RECEIPT);
  expect(commands[1]).toEqual(['PURCHASE', '1001', '2', '7', '1', 'ORDER', 'o']);
});

test('orders, bought and refused', async () => {
  const { replayed, ...bought } = RECEIPT;
  const refused = { order: 'p', at: 1, lines: [], refusal: 'NOITEM no such UPC: 1' };
  const { client, commands } = await clientOf([{ ...bought, refusal: null }, refused]);
  expect(await client.orders(2, 'x')).toEqual([{ ...bought, refusal: null }, refused]);
  await client.orders(20, null);
  expect(commands.slice(1)).toEqual([
    ['ORDERS', 'COUNT', '2', 'BEFORE', 'x'],
    ['ORDERS', 'COUNT', '20'],
  ]);
});

test.each<[string, Reply]>([
  ['no map', OK],
  ['a map that lacks something', { order: 'o', at: 1, lines: [] }],
  ['a number that is a text', { ...RECEIPT, at: '1' }],
  ['a time beyond all dates', { ...RECEIPT, at: 9_000_000_000_000_000 }],
  ['lines that are no list', { ...RECEIPT, lines: null }],
  ['a line without its UPC', { ...RECEIPT, lines: [{ qty: 1, available: 1 }] }],
])('a receipt that is %s leaves the outcome unknown', async (_name, reply) => {
  const { client } = await clientOf(reply);
  const purchase = client.purchase([{ upc: 1, qty: 1 }], 'o');
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

test.each<[string, Answer]>([
  ['talks HTTP', new Raw('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['greets first', new Raw('+OK\r\n+and more\r\nxyz\r\n')],
  ['does not know HELLO', new ErrorReply('ERR', 'unknown command')],
  ['hangs up', CUT],
])('what %s is no inventory server', async (name, answer) => {
  const { address } = await fakeServer(() => answer);
  const connecting = Client.connect(address, { connectMs: 500, replyMs: 500 });
  if (name === 'greets first') {
    // Its greeting passes for an answer; the connection is gone all the same.
    expect((await connecting).isOpen).toBe(false);
  } else {
    await expect(connecting).rejects.toBeInstanceOf(NoServer);
  }
});

test('a server without room is no missing server', async () => {
  const { address } = await fakeServer(() => new ErrorReply('BUSY', 'too many connections'));
  await expect(Client.connect(address)).rejects.toMatchObject({ code: 'BUSY' });
});
