/** Ten thousand connections at once, of which a hundred buy. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { WireClient } from '../support/wire-client.ts';

export interface CrowdReport {
  readonly open: number;
  readonly active: number;
  readonly connectMs: number;
  /** Purchases a second of the active ones, alone and in the crowd. */
  readonly rateAlone: number;
  readonly rateInCrowd: number;
  readonly slowestMs: number;
  /** What the server grew by for each idle connection. */
  readonly bytesEach: number;
  readonly violations: readonly string[];
}

/** What else a process needs: standard streams, the data file, the event loop. */
const SPARE_FILES = 100;

/** "About 10,000 bytes", says PROTOCOL.md; the server's heap is larger or smaller by some megabytes at any moment. */
const MAX_BYTES_EACH = 15_000;
const ENOUGH_TO_WEIGH = 5_000;

/** How many connections this process may open; the server, which it starts, may open as many. */
export function openableConnections(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  // Node raises its own limit to the hard one at its start.
  return Number(/Max open files\s+\d+\s+(\d+)/.exec(limits)?.[1]) - SPARE_FILES;
}

export async function runCrowd(
  server: { readonly port: number; readonly residentBytes: number },
  { open, active, ms }: { open: number; active: number; ms: number },
): Promise<CrowdReport> {
  const { port } = server;
  const violations: string[] = [];
  const buyers = await Promise.all(
    Array.from({ length: active }, () => WireClient.login(port, 'alice')),
  );
  const alone = await buyFor(ms, buyers, violations);

  const before = server.residentBytes;
  const started = performance.now();
  const idle: Socket[] = [];
  const together = 500;
  while (idle.length < open - active) {
    const some = Math.min(together, open - active - idle.length);
    idle.push(...(await Promise.all(Array.from({ length: some }, () => opened(port)))));
  }
  const connectMs = Math.round(performance.now() - started);
  const bytesEach = Math.round((server.residentBytes - before) / idle.length);
  if (idle.length >= ENOUGH_TO_WEIGH && bytesEach > MAX_BYTES_EACH)
    violations.push(`an idle connection takes ${bytesEach} bytes`);
  let lost = 0;
  for (const socket of idle) socket.on('close', () => lost++);
  const crowd = await buyFor(ms, buyers, violations);
  if (lost > 0) violations.push(`${lost} idle connections were closed`);

  // Who was silent so far is served like everybody else.
  const some = idle.filter((_, index) => index % 100 === 0);
  const greetings = await Promise.all(some.map(greeted));
  if (!greetings.every((greeting) => greeting === '+PONG\r\n'))
    violations.push('an idle client got no PONG');
  for (const socket of idle) socket.resetAndDestroy();
  for (const buyer of buyers) buyer.drop();
  return {
    open,
    active,
    connectMs,
    rateAlone: alone.rate,
    rateInCrowd: crowd.rate,
    slowestMs: crowd.slowestMs,
    bytesEach,
    violations,
  };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function greeted(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(chunk.toString('latin1')));
    socket.once('close', () => resolve('closed'));
    socket.write('PING\r\n');
  });
}

/** Each one buys, one purchase after the other. */
async function buyFor(
  ms: number,
  buyers: readonly WireClient[],
  violations: string[],
): Promise<{ rate: number; slowestMs: number }> {
  const end = performance.now() + ms;
  let bought = 0;
  let slowestMs = 0;
  const buy = async (buyer: WireClient) => {
    while (performance.now() < end) {
      const asked = performance.now();
      const reply = await buyer.send('PURCHASE', '1001', '1');
      if (reply instanceof Map) bought++;
      else violations.push(`a purchase in the crowd was answered ${JSON.stringify(reply)}`);
      slowestMs = Math.max(slowestMs, performance.now() - asked);
    }
  };
  await Promise.all(buyers.map(buy));
  return { rate: Math.round((bought * 1000) / ms), slowestMs: Math.round(slowestMs) };
}
