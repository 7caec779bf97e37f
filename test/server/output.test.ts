import { expect, test } from 'vitest';
import { ITEMS_IN_A_PART } from '../../src/verbs/inventory.ts';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';

const catalog = Array.from({ length: 5 * ITEMS_IN_A_PART + 1 }, (_, index) => ({
  upc: index + 1,
  name: `Item ${index + 1}`,
  units: 10,
}));

test.for([2, 3])(
  'a long inventory comes whole, in RESP%i, and before later replies',
  async (version) => {
    await using server = await startServer({ catalog });
    await using client = await server.connect();
    await client.ask(`HELLO ${version} AUTH alice wonderland`);
    await client.send(commands('PURCHASE 2 3', 'INVENTORY', 'PURCHASE 2 1', 'PING', 'INVENTORY 2'));
    const [, inventory, second, pong, levels] = await client.replies(5);
    expect(inventory).toHaveLength(catalog.length);
    const last = version === 3 ? inventory.at(-1) : Object.fromEntries(pairs(inventory.at(-1)));
    expect(last).toEqual({ upc: catalog.length, name: `Item ${catalog.length}`, available: 10 });
    const bought = version === 3 ? inventory[1] : Object.fromEntries(pairs(inventory[1]));
    expect(bought.available).toBe(7);
    expect(second instanceof Error).toBe(false);
    expect(pong).toBe('PONG');
    expect(JSON.stringify(levels)).toContain('6');
  },
);

test('a long choice of items comes before later replies, too', async () => {
  await using server = await startServer({ catalog });
  await using client = await server.login();
  const upcs = catalog.slice(0, ITEMS_IN_A_PART + 1).map(({ upc }) => upc);
  await client.send(commands(`INVENTORY ${upcs.join(' ')}`, 'PURCHASE 2 1 ORDER a', 'PING'));
  const [inventory, receipt, pong] = await client.replies(3);
  expect(inventory).toHaveLength(upcs.length);
  expect(receipt).toMatchObject({ order: 'a' });
  expect(pong).toBe('PONG');
});

test('a client that reads nothing of a long inventory stops it, and gets it when it reads', async () => {
  await using server = await startServer({ catalog });
  await using slow = await server.connect();
  await using other = await server.connect();
  await slow.ask('HELLO 3 AUTH alice wonderland');
  await other.ask('HELLO 3 AUTH bob builder');
  slow.socket.pause();
  const times = 50;
  await slow.send(commands(...Array(times).fill('INVENTORY'), 'PING'));
  // Others are served between the parts, and see one level after the other.
  for (let left = 9; left >= 0; left--) {
    expect(await other.ask('PURCHASE 7 1')).toMatchObject({ lines: [{ available: left }] });
  }
  slow.socket.resume();
  for (const inventory of await slow.replies(times)) expect(inventory).toHaveLength(catalog.length);
  expect(await slow.reply()).toBe('PONG');
});

test('a client that leaves in the middle of a long inventory is forgotten', async () => {
  await using server = await startServer({ catalog });
  await using other = await server.connect();
  {
    await using leaving = await server.connect();
    await leaving.ask('HELLO 3 AUTH alice wonderland');
    leaving.socket.pause();
    await leaving.send(commands(...Array(50).fill('INVENTORY')));
  }
  await expect.poll(async () => await other.ask('INFO')).toContain('connected_clients:1');
});

function pairs(flat: readonly unknown[]): [unknown, unknown][] {
  const found: [unknown, unknown][] = [];
  for (let index = 0; index < flat.length; index += 2) found.push([flat[index], flat[index + 1]]);
  return found;
}
