/** How long a start takes with an empty data file, and with one of many orders. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { ServerProcess } from '../support/server-process.ts';
import { WireClient } from '../support/wire-client.ts';

const STARTS = 5;

export interface StartReport {
  readonly orders: number;
  readonly fileBytes: number;
  /** Milliseconds from the start of the process until it listens: the median of some starts. */
  readonly emptyMs: number;
  readonly fullMs: number;
  /** The same after a `kill -9` under it. */
  readonly killedMs: number;
  readonly works: boolean;
}

export async function runStarts(
  orders: number,
  progress: (line: string) => void,
  starts = STARTS,
): Promise<StartReport> {
  const folder = mkdtempSync(join(tmpdir(), 'inv-start-'));
  try {
    const empty = join(folder, 'empty.db');
    const full = join(folder, 'full.db');
    openSqliteStore(empty, CATALOG).close();
    openSqliteStore(full, CATALOG).close();
    fill(full, orders, progress);
    const emptyMs = await medianStart(empty, 'SIGTERM', starts);
    const fullMs = await medianStart(full, 'SIGTERM', starts);
    const killedMs = await medianStart(full, 'SIGKILL', starts);
    const fileBytes = statSync(full).size;
    return { orders, fileBytes, emptyMs, fullMs, killedMs, works: await sells(full, orders) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Orders as the server writes them, with ids in the order of time. */
function fill(path: string, orders: number, progress: (line: string) => void): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000');
  const insert = db.prepare('INSERT INTO orders (user, id, at, lines) VALUES (?, ?, ?, ?)');
  const first = Date.now() - orders;
  for (let index = 0; index < orders; index++) {
    if (index % 100_000 === 0) db.exec(index === 0 ? 'BEGIN' : 'COMMIT; BEGIN');
    if (index > 0 && index % 2_000_000 === 0) progress(`${index} orders written`);
    const at = first + index;
    insert.run('alice', idOf(at, index), at, `[[1009,1,${orders - index}]]`);
  }
  db.exec(`UPDATE stock SET units = units + ${orders} WHERE upc = 1009; COMMIT`);
  db.close();
}

function idOf(at: number, index: number): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${index.toString(16).padStart(12, '0')}`;
}

async function medianStart(data: string, end: NodeJS.Signals, starts: number): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < starts; count++) {
    const started = performance.now();
    const server = await ServerProcess.start({ data });
    times.push(performance.now() - started);
    const client = await WireClient.login(server.port, 'bob');
    await client.send('PURCHASE', '1013', '1');
    client.drop();
    await server.end(end);
  }
  return Math.round(times.sort((one, other) => one - other)[starts >> 1] as number);
}

/** Old orders are still answered, and new ones are taken. */
async function sells(data: string, orders: number): Promise<boolean> {
  const server = await ServerProcess.start({ data });
  const client = await WireClient.login(server.port, 'alice');
  const page = (await client.send('ORDERS', 'COUNT', '1')) as ReadonlyMap<string, unknown>[];
  const newest = String(page[0]?.get('order'));
  const old = await client.send('ORDER', newest);
  const bought = await client.send('PURCHASE', '1009', '1');
  client.drop();
  await server.end('SIGTERM');
  return newest.endsWith((orders - 1).toString(16)) && old instanceof Map && bought instanceof Map;
}
