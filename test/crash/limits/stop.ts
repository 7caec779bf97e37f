/** SIGTERM under load: every order that took effect was answered, and every answer took effect. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeCatalog } from '../kill/catalog.ts';
import { DataFile } from '../kill/data-file.ts';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { Lost, USERS, type User, WireClient } from '../support/wire-client.ts';

const CLIENTS = 16;
/** Requests that each client keeps in flight. */
const DEPTH = 32;

export interface StopReport {
  readonly stops: number;
  /** Orders on disk, all of them answered. */
  readonly orders: number;
  /** Requests that came too late: not answered, and without effect. */
  readonly unanswered: number;
  readonly slowestStopMs: number;
  readonly violations: readonly string[];
}

export async function runStops(stops: number, seed: number): Promise<StopReport> {
  const random = new Random(seed);
  const folder = mkdtempSync(join(tmpdir(), 'inv-stop-'));
  const files = { data: join(folder, 'inventory.db'), catalog: join(folder, 'catalog.json') };
  writeCatalog(files.catalog);
  const answered = new Set<string>();
  const violations: string[] = [];
  let sent = 0;
  let slowestStopMs = 0;
  for (let stop = 0; stop < stops && violations.length === 0; stop++) {
    const server = await ServerProcess.start(files);
    const clients: Promise<unknown>[] = [];
    for (let index = 0; index < CLIENTS; index++) {
      const user = USERS[index % USERS.length] as User;
      const client = await WireClient.login(server.port, user);
      const buyers = Array.from({ length: DEPTH }, async () => {
        for (;;) {
          const id = random.orderId();
          sent++;
          const reply = await client.send('PURCHASE', '1001', '1', '1002', '2', 'ORDER', id);
          if (reply instanceof Map) answered.add(`${user} ${id}`);
          else violations.push(`order ${id} was answered ${JSON.stringify(reply)}`);
        }
      });
      clients.push(...buyers);
    }
    const ended = Promise.allSettled(clients);
    await pause(random.between(20, 400));
    const started = performance.now();
    const exit = await server.end('SIGTERM');
    slowestStopMs = Math.max(slowestStopMs, performance.now() - started);
    if (exit.code !== 0)
      violations.push(`exited with ${exit.code ?? exit.signal}: ${server.errors}`);
    for (const { reason } of (await ended) as PromiseRejectedResult[]) {
      if (!(reason instanceof Lost)) violations.push(`a client failed: ${reason}`);
    }
    violations.push(...compare(files.data, answered));
  }
  rmSync(folder, { recursive: true });
  const orders = answered.size;
  return {
    stops,
    orders,
    unanswered: sent - orders,
    slowestStopMs: Math.round(slowestStopMs),
    violations,
  };
}

function compare(data: string, answered: ReadonlySet<string>): string[] {
  using file = DataFile.copyOf(data);
  const onDisk = new Set<string>();
  for (const { user, id } of file.orders()) onDisk.add(`${user} ${id}`);
  const owed = [...onDisk].filter((order) => !answered.has(order));
  const lost = [...answered].filter((order) => !onDisk.has(order));
  const violations: string[] = [];
  if (owed.length > 0)
    violations.push(`${owed.length} orders on disk were not answered: ${owed[0]}`);
  if (lost.length > 0) violations.push(`${lost.length} answered orders are lost: ${lost[0]}`);
  return violations;
}
