// A backup of a shop that sells at a high rate: it ends, it lacks nothing, and nobody waits for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, watch } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { program } from '../support/program.ts';
import type { RawClient } from '../support/raw-client.ts';
import { serve } from '../support/serve-process.ts';
import { environment } from './inv.ts';

const ORDERS = 200_000;
const SALES_PER_SECOND = 1_000;
const CLIENTS = 10;

/** A data file with many orders, written by SQL. */
async function bigShop(path: string): Promise<void> {
  {
    await using server = await serve(path);
    await server.stop();
  }
  const db = new DatabaseSync(path);
  db.exec(`BEGIN;
    UPDATE stock SET units = units + ${ORDERS}, first_units = first_units + ${ORDERS} WHERE upc = 1001;
    UPDATE stock SET units = units + 1000000, first_units = first_units + 1000000,
      available = available + 1000000 WHERE upc = 1002;
    WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ${ORDERS})
    INSERT INTO orders ("user", id, at, lines)
      SELECT 'alice', printf('01900000-0000-7000-8000-%012x', i), 1764000000000 + i,
        '[[1001,1,' || (${ORDERS} + 50 - i) || ']]' FROM number;
    COMMIT`);
  db.close();
}

function startBackup(folder: TemporaryFolder, name: string): ChildProcess {
  const args = ['serve', 'backup', folder.file(name), '--data', folder.file('shop.db')];
  return spawn(...program(args), { env: environment(folder.path), stdio: 'ignore' });
}

/** The exit code, and how long it took in milliseconds. */
async function backUp(folder: TemporaryFolder, name: string): Promise<[number | null, number]> {
  const start = performance.now();
  const child = startBackup(folder, name);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return [code, performance.now() - start];
}

/** Sells at a steady rate until it is told to stop. */
class Sale {
  readonly acknowledged: string[] = [];
  slowest = 0;
  #isOn = true;
  readonly #ended: Promise<unknown>;

  constructor(clients: readonly RawClient[]) {
    this.#ended = Promise.all(clients.map((client) => this.#sell(client)));
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#ended;
  }

  async #sell(client: RawClient): Promise<void> {
    const start = performance.now();
    for (let sold = 0; this.#isOn; sold++) {
      const early = start + (sold * 1000 * CLIENTS) / SALES_PER_SECOND - performance.now();
      if (early > 0) await pause(early);
      const sent = performance.now();
      const { order } = await client.ask('PURCHASE 1002 1');
      this.slowest = Math.max(this.slowest, performance.now() - sent);
      this.acknowledged.push(order);
    }
  }
}

test('under 1,000 purchases a second it takes at most three times as long as without', {
  timeout: 120_000,
}, async () => {
  using folder = new TemporaryFolder();
  await bigShop(folder.file('shop.db'));
  await using server = await serve(folder.file('shop.db'));
  const clients: RawClient[] = [];
  for (let count = 0; count < CLIENTS; count++) clients.push(await server.login());
  const [code, idle] = await backUp(folder, 'idle.db');
  expect(code).toBe(0);

  const sale = new Sale(clients);
  while (sale.acknowledged.length < 500) await pause(10);
  const before = [...sale.acknowledged];
  sale.slowest = 0;
  const [codeUnderLoad, loaded] = await backUp(folder, 'loaded.db');
  const during = sale.acknowledged.length - before.length;
  const { slowest } = sale;
  await sale.stop();
  expect(codeUnderLoad).toBe(0);
  expect(loaded).toBeLessThan(3 * idle);
  // The sale went on. How long the slowest waited is the machine's too, when other tests run beside this one.
  expect(during).toBeGreaterThan((loaded / 1000) * SALES_PER_SECOND * 0.5);
  expect(slowest).toBeLessThan(1_000);

  const db = new DatabaseSync(folder.file('loaded.db'));
  const find = db.prepare("SELECT 1 FROM orders WHERE user = 'alice' AND id = ?");
  expect(before.filter((id) => find.get(id) === undefined)).toEqual([]);
  db.close();
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test.for(['SIGINT', 'SIGTERM'] as const)(
  'a backup that %s ends leaves nothing behind',
  { timeout: 60_000 },
  async (signal) => {
    using folder = new TemporaryFolder();
    await bigShop(folder.file('shop.db'));
    const before = readdirSync(folder.path).sort();
    const draft = /^b\.db-unfinished-/;
    const appeared = new Promise<void>((resolve) => {
      const watcher = watch(folder.path, (_, name) => {
        if (!draft.test(name ?? '')) return;
        watcher.close();
        resolve();
      });
    });
    const child = startBackup(folder, 'b.db');
    const ended = new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
    await appeared;
    expect(readdirSync(folder.path).filter((name) => draft.test(name))).not.toEqual([]);
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(
      readdirSync(folder.path)
        .filter((name) => !/-(wal|shm)$/.test(name))
        .sort(),
    ).toEqual(before);
  },
);
