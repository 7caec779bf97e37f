/** The peers do the same job as inv: the same checks, the same outcomes. Else the comparison is void. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningPeer } from './peers/peer.ts';
import { askResp } from './peers/peer.ts';
import { askPostgres, postgresPeer } from './peers/postgres.ts';
import { redisPeer } from './peers/redis.ts';
import { SCRIPT_SHA } from './peers/redis-script.ts';
import { TOKEN } from './peers/token.ts';

/** What a purchase came to: units left and whether it is a repetition, or the code of a refusal. */
type Outcome = { left: number; replayed: boolean } | string;
type Buy = (
  port: number,
  token: string,
  upc: number,
  qty: number,
  order: string,
) => Promise<Outcome>;

const buyAtRedis: Buy = async (port, token, upc, qty, order) => {
  try {
    const words = [token, String(upc), String(qty), order];
    const reply = await askResp(
      port,
      ['HSET', 'logins', TOKEN, 'alice'],
      ['EVALSHA', SCRIPT_SHA, '0', ...words],
    );
    const [id, at, replayed, , , left] = reply as [string, number, number, number, number, number];
    expect(id).toBe(order);
    expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
    return { left, replayed: replayed === 1 };
  } catch (error) {
    return codeOf((error as Error).message);
  }
};

const buyAtPostgres: Buy = async (port, token, upc, qty, order) => {
  const call = `SELECT * FROM purchase('${token}', ${upc}, ${qty}, '${order}')`;
  const [at, replayed, left, refusal] = (await askPostgres(port, call)) as [
    string,
    string,
    string,
    string,
  ];
  if (refusal !== '') return codeOf(refusal);
  expect(Math.abs(Number(at) - Date.now())).toBeLessThan(60_000);
  return { left: Number(left), replayed: replayed === 't' };
};

/** A code of inv's list; a client may put one of its own before it. */
function codeOf(message: string): string {
  return /\b(NO[A-Z]{2,}|ORDERREUSED)\b/.exec(message)?.[0] ?? message;
}

describe.for([
  { peer: redisPeer, buy: buyAtRedis },
  { peer: postgresPeer, buy: buyAtPostgres },
])('$peer.name', ({ peer, buy }) => {
  const missing = peer.missing() !== null;
  let folder: string;
  let running: RunningPeer;

  beforeAll(async () => {
    if (missing) return;
    folder = mkdtempSync(join(tmpdir(), 'inv-same-job-'));
    chmodSync(folder, 0o755);
    running = await peer.start(folder, { upcs: { first: 1001, count: 2 }, units: 5 });
  });

  afterAll(async () => {
    if (missing) return;
    await running.stop();
    rmSync(folder, { recursive: true });
  });

  test.skipIf(missing)('keeps the promises of a purchase', async () => {
    const port = running.ports[0] as number;
    const [first, short, unknown] = [randomUUID(), randomUUID(), randomUUID()];
    expect(await buy(port, 'nobody', 1001, 1, first)).toBe('NOAUTH');
    expect(await buy(port, TOKEN, 1001, 2, first)).toEqual({ left: 3, replayed: false });
    expect(await buy(port, TOKEN, 1001, 2, first)).toEqual({ left: 3, replayed: true });
    expect(await buy(port, TOKEN, 1001, 1, first)).toBe('ORDERREUSED');
    expect(await buy(port, TOKEN, 1001, 4, short)).toBe('NOSTOCK');
    expect(await buy(port, TOKEN, 1001, 4, short)).toBe('NOSTOCK');
    expect(await buy(port, TOKEN, 1009, 1, unknown)).toBe('NOITEM');
    expect(await buy(port, TOKEN, 1009, 1, unknown)).toBe('NOITEM');
    expect(await buy(port, TOKEN, 1001, 3, randomUUID())).toEqual({ left: 0, replayed: false });
    expect(await running.sold()).toBe(5);
  });
});
