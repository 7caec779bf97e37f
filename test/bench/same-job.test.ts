/** The peers do the same job as inv: the same checks, the same outcomes. Else the comparison is void. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inFolder } from './measure.ts';
import { invPeer } from './peers/inv.ts';
import { askResp, eventually, type RunningPeer } from './peers/peer.ts';
import { askPostgres, postgresPeer } from './peers/postgres.ts';
import { redisPeer } from './peers/redis.ts';
import { CONFIRM_SHA, HOLD_SHA } from './peers/redis-hold-scripts.ts';
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

/** Units left, and whether the hold is a repetition and what has become of it, or the code of a refusal. */
type Held = { left: number; replayed: boolean; state: string } | string;

/** How each server is asked to hold, and to buy what is held, by TOKEN's user. */
interface HoldWords {
  hold(port: number, upc: number, qty: number, seconds: number, order: string): Promise<Held>;
  confirm(port: number, order: string): Promise<Outcome>;
}

const holdsAtInv: HoldWords = {
  hold: async (port, upc, qty, seconds, order) => {
    const words = [String(upc), String(qty), 'FOR', String(seconds), 'ORDER', order];
    return refusalOr(async () => {
      const reply = fields(await askInv(port, 'HOLD', ...words));
      expectEnd(Number(reply.until), Number(reply.at), seconds);
      return { left: leftOf(reply), replayed: isYes(reply.replayed), state: String(reply.state) };
    });
  },
  confirm: async (port, order) =>
    refusalOr(async () => {
      const reply = fields(await askInv(port, 'CONFIRM', order));
      return { left: leftOf(reply), replayed: isYes(reply.replayed) };
    }),
};

const holdsAtRedis: HoldWords = {
  hold: async (port, upc, qty, seconds, order) =>
    refusalOr(async () => {
      const words = [TOKEN, String(upc), String(qty), String(seconds), order];
      const reply = await askRedis(port, HOLD_SHA, ...words);
      const [, at, until, replayed, state, , , left] = reply as [string, ...unknown[]];
      expectEnd(until as number, at as number, seconds);
      return { left: left as number, replayed: replayed === 1, state: state as string };
    }),
  confirm: async (port, order) =>
    refusalOr(async () => {
      const reply = await askRedis(port, CONFIRM_SHA, TOKEN, order);
      const [, , replayed, , , left] = reply as [string, number, number, number, number, number];
      return { left, replayed: replayed === 1 };
    }),
};

const holdsAtPostgres: HoldWords = {
  hold: async (port, upc, qty, seconds, order) => {
    const call = `SELECT * FROM hold('${TOKEN}', ${upc}, ${qty}, ${seconds}, '${order}')`;
    const [at, until, replayed, state, left, refusal] = await askPostgres(port, call);
    if (refusal !== '') return codeOf(refusal as string);
    expectEnd(Number(until), Number(at), seconds);
    return { left: Number(left), replayed: replayed === 't', state: state as string };
  },
  confirm: async (port, order) => {
    const call = `SELECT * FROM confirm('${TOKEN}', '${order}')`;
    const [, replayed, , , left, refusal] = await askPostgres(port, call);
    if (refusal !== '') return codeOf(refusal as string);
    return { left: Number(left), replayed: replayed === 't' };
  },
};

/** A whole second, at or after the time that was asked for. */
function expectEnd(until: number, at: number, seconds: number): void {
  expect(until % 1000).toBe(0);
  expect(until - at).toBeGreaterThanOrEqual(1000 * seconds);
  expect(until - at).toBeLessThan(1000 * (seconds + 1));
}

function askInv(port: number, ...words: string[]) {
  return askResp(port, ['AUTH', 'alice', 'wonderland'], words);
}

function askRedis(port: number, sha: string, ...words: string[]) {
  return askResp(port, ['HSET', 'logins', TOKEN, 'alice'], ['EVALSHA', sha, '0', ...words]);
}

/** A map, which RESP2 tells as names and values in turn. */
function fields(reply: unknown): Record<string, unknown> {
  const words = reply as unknown[];
  const pairs = words.flatMap((word, index) => (index % 2 ? [] : [[word, words[index + 1]]]));
  return Object.fromEntries(pairs) as Record<string, unknown>;
}

function leftOf({ lines }: Record<string, unknown>): number {
  return fields((lines as unknown[])[0]).available as number;
}

function isYes(value: unknown): boolean {
  return value === true || value === 1;
}

async function refusalOr<T>(ask: () => Promise<T>): Promise<T | string> {
  try {
    return await ask();
  } catch (error) {
    return codeOf((error as Error).message);
  }
}

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
    expect(await running.books()).toEqual({ sold: 5, held: 0 });
  });
});

// inv is asked the same, so that the peers are held against what it does, not against what we think it does.
describe.for([
  { peer: invPeer(), words: holdsAtInv },
  { peer: redisPeer, words: holdsAtRedis },
  { peer: postgresPeer, words: holdsAtPostgres },
])('$peer.name', ({ peer, words }) => {
  test.skipIf(peer.missing() !== null)('keeps the promises of a hold', async () => {
    await inFolder(async (folder) => {
      const running = await peer.start(folder, { upcs: { first: 1001, count: 2 }, units: 5 });
      try {
        await expectHolds(running, words);
      } finally {
        await running.stop();
      }
    });
  });
});

async function expectHolds(running: RunningPeer, words: HoldWords): Promise<void> {
  const port = running.ports[0] as number;
  const hold = words.hold.bind(null, port);
  const confirm = words.confirm.bind(null, port);
  const [first, short, unknown, brief] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const live = { left: 4, state: 'held' };
  expect(await hold(1001, 1, 600, first)).toEqual({ ...live, replayed: false });
  expect(await hold(1001, 1, 600, first)).toEqual({ ...live, replayed: true });
  expect(await hold(1001, 1, 60, first)).toBe('ORDERREUSED');
  expect(await hold(1001, 2, 600, first)).toBe('ORDERREUSED');
  expect(await hold(1009, 1, 600, unknown)).toBe('NOITEM');
  expect(await hold(1009, 1, 600, unknown)).toBe('NOITEM');

  // What is held is not there for others, and what was refused stays so.
  expect(await hold(1001, 5, 600, short)).toBe('NOSTOCK');
  expect(await hold(1001, 5, 600, short)).toBe('NOSTOCK');

  expect(await confirm(first)).toEqual({ left: 4, replayed: false });
  expect(await confirm(first)).toEqual({ left: 4, replayed: true });
  expect(await hold(1001, 1, 600, first)).toEqual({ left: 4, replayed: true, state: 'bought' });
  expect(await confirm(short)).toBe('NOHOLD');
  expect(await confirm(randomUUID())).toBe('NOORDER');
  expect(await running.books()).toEqual({ sold: 1, held: 0 });

  expect(await hold(1002, 5, 1, brief)).toEqual({ left: 0, replayed: false, state: 'held' });
  // Available again when it has ended. A refusal stays with its id: each attempt has another one.
  const next = await eventually(async () => {
    const outcome = await hold(1002, 1, 600, randomUUID());
    if (outcome === 'NOSTOCK') throw new Error('still held');
    return outcome;
  });
  expect(next).toEqual({ left: 4, replayed: false, state: 'held' });
  expect(await confirm(brief)).toBe('NOHOLD');
  expect(await hold(1002, 5, 1, brief)).toEqual({ left: 0, replayed: true, state: 'expired' });
  expect(await running.books()).toEqual({ sold: 1, held: 1 });
}
