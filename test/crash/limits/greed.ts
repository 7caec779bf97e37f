/**
 * Clients that each do what a client may do, together more than is good for the others. They run in a
 * thread of their own, so that what an honest client waits for is the server and not them.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PASSWORDS } from '../support/wire-client.ts';

/** What one kind of greedy client sends: once at first, then again and again; `$` stands for
 * its number, `#` for how often it has sent it. */
export interface Greed {
  readonly first: string;
  readonly again: string;
  /** Whether it waits for replies before it sends more, or sends as fast as the server reads. */
  readonly waits: boolean;
}

const AUTH = `AUTH alice ${PASSWORDS.alice}\r\n`;
/** The inventory of these is asked for by those who ask for many UPCs at once. */
export const MANY_UPCS = Array.from({ length: 1_000 }, (_, index) => 500_001 + index);

function stranger(again: string): Greed {
  return { first: '', again, waits: false };
}

const LONG = MANY_UPCS.slice(0, 500)
  .map((upc) => `${upc} 1`)
  .join(' ');

/** `requests`, each `times` in a row. */
function eachAgain(times: number, ...requests: readonly string[]): string {
  return requests.map((request) => `${request}\n`.repeat(times)).join('');
}

export const GREED = {
  'empty lines': stranger('\n'.repeat(65_536)),
  'empty lines with CR LF': stranger('\r\n'.repeat(32_768)),
  'lines of blanks': stranger(' \n'.repeat(32_768)),
  'arrays of no words': stranger('*0\r\n'.repeat(16_384)),
  'unknown commands': stranger('nonsense\n'.repeat(7_000)),
  'wrong arguments': stranger('PURCHASE x y\n'.repeat(5_000)),
  PING: stranger('PING\n'.repeat(13_000)),
  'PING with a text': stranger(`PING ${'x'.repeat(900)}\n`.repeat(72)),
  'COMMAND DOCS': stranger('COMMAND DOCS\n'.repeat(5_000)),
  INFO: stranger('INFO\n'.repeat(13_000)),
  'CLIENT SETNAME': stranger(`CLIENT SETNAME ${'n'.repeat(900)}\n`.repeat(70)),
  'ORDERS COUNT 1000': { first: AUTH, again: 'ORDERS COUNT 1000\n', waits: true },
  'INVENTORY of 1,000 UPCs': {
    first: AUTH,
    again: `INVENTORY ${MANY_UPCS.join(' ')}\n`,
    waits: true,
  },
  'the whole INVENTORY': { first: AUTH, again: 'INVENTORY\n', waits: true },
  'purchases of 500 lines': {
    first: AUTH,
    again: `PURCHASE ${LONG}\n`,
    waits: true,
  },
  'holds of 500 lines, extended again and again': {
    first: `${AUTH}HOLD ${LONG} FOR 600 ORDER long-$\n`,
    again: eachAgain(20, 'EXTEND long-$ FOR 900', 'EXTEND long-$ FOR 901'),
    waits: true,
  },
  'holds of 500 lines, confirmed': {
    first: AUTH,
    again: `HOLD ${LONG} FOR 600 ORDER held-$-#\nCONFIRM held-$-#\n${eachAgain(20, 'CONFIRM held-$-#')}`,
    waits: true,
  },
  'holds of 500 lines, released': {
    first: AUTH,
    again: `HOLD ${LONG} FOR 600 ORDER gone-$-#\n${eachAgain(20, 'RELEASE gone-$-#')}`,
    waits: true,
  },
  'returns of one line of 500': {
    first: `${AUTH}PURCHASE ${LONG.replaceAll(' 1 ', ' 1000 ')} ORDER bought-$\n`,
    again: eachAgain(20, `RETURN bought-$ ${MANY_UPCS[0]} 1`),
    waits: true,
  },
  'ids of orders of 500 lines, used again': {
    first: `${AUTH}PURCHASE ${LONG} ORDER used-$\n`,
    again: eachAgain(20, 'PURCHASE 1001 1 ORDER used-$', 'HOLD 1001 1 FOR 9 ORDER used-$'),
    waits: true,
  },
  'pipelined purchases': { first: AUTH, again: 'PURCHASE 1001 1\n'.repeat(1_000), waits: false },
} as const satisfies Record<string, Greed>;

export type GreedName = keyof typeof GREED;

export interface Greedy {
  /** Bytes of replies that they have read so far. */
  received(): Promise<number>;
  stop(): Promise<void>;
}

/** Lets `connections` clients be greedy until they are stopped. */
export async function beGreedy(
  port: number,
  name: GreedName,
  connections: number,
): Promise<Greedy> {
  const workerData = { port, name, connections };
  const worker = new Worker(new URL('./greed-worker.ts', import.meta.url), { workerData });
  const ask = async (question: string) => {
    const answer = once(worker, 'message');
    worker.postMessage(question);
    return (await answer)[0];
  };
  await once(worker, 'message');
  return {
    received: () => ask('received'),
    stop: async () => {
      await ask('stop');
      await worker.terminate();
      // The server notices that they are gone.
      await pause(100);
    },
  };
}
