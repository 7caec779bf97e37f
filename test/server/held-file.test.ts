/** An operator holds the data file with a write transaction: buyers wait, and nobody else does. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';

test('who only reads is served while buyers wait; then the buyers are, in their order', async () => {
  await using server = await startServer();
  await using buyer = await server.login();
  await using reader = await server.login('bob');
  await using other = await server.login('carol');
  const operator = new DatabaseSync(server.data);
  operator.exec('BEGIN IMMEDIATE; UPDATE stock SET available = 40 WHERE upc = 1001');
  await buyer.send(commands('PURCHASE 1001 1 ORDER a', 'INVENTORY 1001'));
  const before = buyer.received;
  for (let round = 0; round < 3; round++) {
    expect(await reader.ask('INVENTORY 1001')).toMatchObject([{ available: 50 }]);
    expect(await other.ask('WHOAMI')).toMatchObject({ user: 'carol' });
    expect(await reader.ask('PING')).toBe('PONG');
    expect(await other.ask('ORDERS')).toEqual([]);
  }
  // The buyer still waits: that ends by itself, and had a reader waited as long, it would have been over.
  expect(buyer.received).toBe(before);
  operator.exec('COMMIT');
  operator.close();
  const [receipt, inventory] = await buyer.replies(2);
  expect(receipt).toMatchObject({ order: 'a', lines: [{ available: 39 }] });
  expect(inventory).toMatchObject([{ available: 39 }]);
  expect(await reader.ask('INVENTORY 1001')).toMatchObject([{ available: 39 }]);
});

test('a file that stays held is said to be unavailable, and its connection goes on', async () => {
  await using server = await startServer();
  await using buyer = await server.login();
  await using reader = await server.login('bob');
  const operator = new DatabaseSync(server.data);
  operator.exec('BEGIN IMMEDIATE');
  await buyer.send(commands('PURCHASE 1001 1 ORDER a'));
  expect(await reader.ask('INVENTORY 1001')).toMatchObject([{ available: 50 }]);
  expect(await buyer.replies(1)).toMatchObject([{ code: 'UNAVAILABLE' }]);
  operator.exec('ROLLBACK');
  operator.close();
  expect(await buyer.ask('PURCHASE 1001 1 ORDER a')).toMatchObject({ replayed: false });
});
