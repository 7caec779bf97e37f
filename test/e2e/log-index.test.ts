/** The index of the log, `-shm`, under a real server: how SQLite's writers know of each other. */
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import type { RawClient } from '../support/raw-client.ts';
import { serve, serveToEnd } from '../support/serve-process.ts';

const AVAILABLE_AT_FIRST = 500; // UPC 1009 of the built-in catalogue

async function available(client: RawClient): Promise<number> {
  return (await client.ask('INVENTORY 1009'))[0].available;
}

/** An operator's command, which is done. */
async function operate(data: string, ...words: string[]): Promise<void> {
  expect(await serveToEnd(...words, '--data', data)).toMatchObject({ code: 0, stderr: '' });
}

/** Adds 7 units. */
const restock = (data: string, id: string) =>
  operate(data, ...`restock --upc 1009 --units +7 --reason ${id} --id ${id}`.split(' '));

test.each<[string, (index: string) => void]>([
  ['removed', (index) => rmSync(index)],
  [
    'replaced',
    (index) => {
      copyFileSync(index, `${index}-copy`);
      renameSync(`${index}-copy`, index);
    },
  ],
])('when it is %s, no order and no restock is written over another', async (_, harm) => {
  using folder = new TemporaryFolder();
  const data = folder.file('inventory.db');
  {
    await using server = await serve(data);
    await using client = await server.login();
    for (let order = 1; order <= 3; order++) await client.ask(`PURCHASE 1009 1 ORDER o${order}`);
    harm(`${data}-shm`);
    await restock(data, 'r1');
    await expect(client.ask('PURCHASE 1009 1 ORDER after')).rejects.toThrow('closed before');
    const { code, stderr } = await server.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`inv: stopped: ${data}-shm was removed or replaced`);
    expect(stderr).toContain('the index is made anew from the -wal file');
  }
  await using server = await serve(data);
  await using client = await server.login();
  expect(await available(client)).toBe(AVAILABLE_AT_FIRST - 3 + 7);
  expect(await client.ask('ORDER o3')).toMatchObject({ order: 'o3' });
  expect(await client.ask('ORDER after')).toMatchObject({ code: 'NOORDER' });
});

test('when it is removed and nobody buys, a stop says so, and leaves what others wrote', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('inventory.db');
  {
    await using server = await serve(data);
    await using client = await server.login();
    await client.ask('PURCHASE 1009 1');
    rmSync(`${data}-shm`);
    await restock(data, 'r1');
    const { code, stderr } = await server.stop();
    expect(code).toBe(1);
    expect(stderr).toContain(`${data}-shm was removed or replaced`);
  }
  await using server = await serve(data);
  await using client = await server.login();
  expect(await available(client)).toBe(AVAILABLE_AT_FIRST - 1 + 7);
});

test('it stays in place beside commands, other connections and checkpoints, after kill -9 and a last close by others', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('inventory.db');
  let left = AVAILABLE_AT_FIRST;
  const buy = async (client: RawClient) => {
    expect(await client.ask('PURCHASE 1009 1')).toMatchObject({ lines: [{ available: --left }] });
  };
  for (const atFirst of ['first start', 'after kill -9', 'after a last close by a command']) {
    if (atFirst === 'after a last close by a command') await operate(data, 'verify');
    await using server = await serve(data);
    await using client = await server.login();
    await buy(client);
    await restock(data, `r ${atFirst}`.replaceAll(' ', '-'));
    left += 7;
    await buy(client);
    await operate(data, 'backup', folder.file(`${atFirst}.db`));
    await buy(client);
    await operate(data, 'verify');
    await buy(client);
    for (const mode of ['PASSIVE', 'TRUNCATE']) {
      const db = new DatabaseSync(data, { timeout: 1_000 });
      db.exec(`PRAGMA wal_checkpoint(${mode})`);
      db.close();
      await buy(client);
    }
    await server.stop('SIGKILL');
  }
});
