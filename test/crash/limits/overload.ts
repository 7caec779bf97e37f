/**
 * Overload: the best rate, measured with clients that wait for their answers; then three times as
 * much, offered by clients that do not wait. Everything must be answered or refused, the server's
 * memory must stay bounded, and it must go on serving at nearly its best rate.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { HonestClient } from '../fuzz/honest-client.ts';
import { PASSWORDS } from '../support/wire-client.ts';
import type { Running } from './hostile.ts';

const CONNECTIONS = 100;
/** Requests that each connection keeps in flight when the best rate is measured. */
const DEPTH = 32;
const TICK_MS = 5;
const PURCHASE = '*3\r\n$8\r\nPURCHASE\r\n$4\r\n1001\r\n$1\r\n1\r\n';

export interface OverloadReport {
  readonly bestRate: number;
  readonly offeredRate: number;
  readonly servedRate: number;
  readonly sent: number;
  readonly bought: number;
  readonly busy: number;
  /** Other answers; there should be none. */
  readonly strange: number;
  readonly residentBefore: number;
  readonly residentMost: number;
  readonly honestRequests: number;
  readonly honestSlowestMs: number;
  readonly violations: readonly string[];
}

export async function runOverload(server: Running, ms: number): Promise<OverloadReport> {
  const loads = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Load.open(server.port)),
  );
  const bought = () => loads.reduce((sum, load) => sum + load.bought, 0);

  // A short run first, so that neither side still compiles.
  for (const load of loads) load.keepInFlight(DEPTH);
  await pause(ms / 4);
  const best = await rateOf(bought, ms);
  for (const load of loads) load.keepInFlight(0);
  await Promise.all(loads.map((load) => load.idle()));

  const residentBefore = server.residentBytes;
  let residentMost = residentBefore;
  const honest = await HonestClient.start(server.port);
  const offered = 3 * best;
  const perTick = Math.ceil((offered * TICK_MS) / 1000 / CONNECTIONS);
  let last = performance.now();
  const offering = setInterval(() => {
    // Late ticks offer what the ones that were left out would have.
    const ticks = Math.round((performance.now() - last) / TICK_MS);
    last += ticks * TICK_MS;
    for (const load of loads) load.send(ticks * perTick);
    residentMost = Math.max(residentMost, server.residentBytes);
  }, TICK_MS);
  await pause(ms / 4);
  const sentBefore = loads.reduce((sum, load) => sum + load.sent, 0);
  const started = performance.now();
  const served = await rateOf(bought, ms);
  const sentIn = loads.reduce((sum, load) => sum + load.sent, 0) - sentBefore;
  const offeredRate = (sentIn * 1000) / (performance.now() - started);
  clearInterval(offering);
  await honest.stop();
  await Promise.all(loads.map((load) => load.idle()));
  residentMost = Math.max(residentMost, server.residentBytes);

  const sum = (count: (load: Load) => number) =>
    loads.reduce((total, load) => total + count(load), 0);
  for (const load of loads) load.close();
  return {
    bestRate: Math.round(best),
    offeredRate: Math.round(offeredRate),
    servedRate: Math.round(served),
    sent: sum((load) => load.sent),
    bought: bought(),
    busy: sum((load) => load.busy),
    strange: sum((load) => load.strange),
    residentBefore,
    residentMost,
    honestRequests: honest.requests,
    honestSlowestMs: Math.round(honest.slowestMs),
    violations: honest.violations,
  };
}

async function rateOf(count: () => number, ms: number): Promise<number> {
  const before = count();
  const started = performance.now();
  await pause(ms);
  return ((count() - before) * 1000) / (performance.now() - started);
}

/** A connection that sends purchases as told and counts the answers, as cheaply as can be. */
class Load {
  readonly #socket: Socket;
  #inFlight = 0;
  #rest = '';
  #whenIdle: (() => void) | null = null;
  sent = 0;
  bought = 0;
  busy = 0;
  strange = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#count(chunk));
    socket.on('close', () => this.#whenIdle?.());
  }

  static open(port: number): Promise<Load> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.on('error', reject);
      socket.write(`AUTH carol ${PASSWORDS.carol}\r\n`);
      socket.once('data', () => resolve(new Load(socket)));
    });
  }

  /** From now on, each answer is followed by a new request. */
  keepInFlight(depth: number): void {
    this.#inFlight = depth;
    if (depth > 0) this.send(depth);
  }

  send(count: number): void {
    this.sent += count;
    this.#socket.write(PURCHASE.repeat(count), 'latin1');
  }

  /** Resolves when everything that was sent is answered. */
  async idle(): Promise<void> {
    if (this.#answered === this.sent) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  get #answered(): number {
    return this.bought + this.busy + this.strange;
  }

  /** A receipt has `replayed` in it once; an error is a line that begins with `-`. */
  #count(chunk: Buffer): void {
    const text = this.#rest + chunk.toString('latin1');
    const end = text.lastIndexOf('\r\n') + 2;
    let answers = 0;
    for (
      let at = text.indexOf('replayed');
      at >= 0 && at < end;
      at = text.indexOf('replayed', at + 8)
    ) {
      answers++;
    }
    this.bought += answers;
    this.#rest = text.slice(end);
    if (text.includes('-')) answers += this.#countErrors(text.slice(0, end));
    if (this.#inFlight > 0 && answers > 0) this.send(answers);
    if (this.#answered === this.sent) this.#whenIdle?.();
  }

  #countErrors(text: string): number {
    const busy = text.match(/^-BUSY /gm)?.length ?? 0;
    const errors = text.match(/^-[A-Z]+ /gm)?.length ?? 0;
    this.busy += busy;
    this.strange += errors - busy;
    return errors;
  }
}
