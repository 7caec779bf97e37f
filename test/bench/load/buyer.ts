/**
 * One connection of the load: always the same number of requests under way. All replies of a server to
 * one kind of request have the same length here (no number in them changes its digits), so replies are counted by
 * their length; the first is parsed whole, and of every other the first and the last byte are compared
 * with it. After the run the units sold, or held, must equal the replies counted. A CONFIRM is sent when
 * the reply to its HOLD is there, as a buyer does who pays in between; the two count as one, from the
 * write of the one to the reply of the other.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Dialect } from './dialects.ts';
import type { Latencies } from './latencies.ts';
import type { Requests } from './requests.ts';

const RECEIVE_BYTES = 65_536;

/** What all replies to one kind of request have in common. */
interface ReplyShape {
  readonly length: number;
  readonly firstByte: number;
  readonly lastByte: number;
}

/** Requests that were written together, and are answered in their order. */
interface Run {
  slot: number;
  count: number;
  readonly step: number;
}

export class Buyer {
  readonly #socket: Socket;
  readonly #isTls: boolean;
  readonly #requests: Requests;
  readonly #latencies: Latencies;
  readonly #inFlight: number;
  /** The replies to each step. */
  readonly #replies: ReplyShape[] = [];
  /** All that is under way, oldest first. */
  readonly #runs: Run[] = [];
  /** When the first step of each was sent, as a ring. */
  readonly #sentAt: Float64Array;
  #oldest = 0;
  #underWay = 0;
  /** Bytes of a reply that is not whole yet. */
  #pending = 0;
  #buying = false;
  #receive: (chunk: Buffer) => void = () => {};
  #failed: (error: Error) => void = () => {};
  #drained: () => void = () => {};
  acknowledged = 0;

  /** A connection that is logged in and has bought, or held, one unit. */
  static async open(
    at: { readonly port: number; readonly ca: string | undefined },
    dialect: Dialect,
    requests: Requests,
    latencies: Latencies,
    inFlight: number,
  ): Promise<Buyer> {
    const buyer = new Buyer(at, requests, latencies, inFlight);
    await buyer.#connected();
    for (const greeting of dialect.greetings) await buyer.#ask(greeting, dialect);
    const slot = requests.take(1);
    for (let step = 0; step < requests.steps; step++) {
      const reply = await buyer.#ask(requests.bytes(step, slot, 1), dialect);
      const { length } = reply;
      const [firstByte, lastByte] = [reply[0] as number, reply[length - 1] as number];
      buyer.#replies.push({ length, firstByte, lastByte });
    }
    buyer.acknowledged = 1;
    buyer.#receive = (chunk) => buyer.#count(chunk);
    return buyer;
  }

  private constructor(
    { port, ca }: { readonly port: number; readonly ca: string | undefined },
    requests: Requests,
    latencies: Latencies,
    inFlight: number,
  ) {
    this.#requests = requests;
    this.#latencies = latencies;
    this.#inFlight = inFlight;
    this.#sentAt = new Float64Array(inFlight);
    // One buffer for all that is received: nothing to allocate, nothing to collect.
    const buffer = Buffer.alloc(RECEIVE_BYTES);
    const callback = (bytes: number) => {
      this.#receive(buffer.subarray(0, bytes));
      return true;
    };
    const options = { port, host: '127.0.0.1', onread: { buffer, callback } };
    this.#isTls = ca !== undefined;
    this.#socket = this.#isTls ? connectTls({ ...options, ca }) : connect(options);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the server closed a connection')));
  }

  /** Starts to buy; rejects when something goes wrong, and resolves when stop() was called and all is answered. */
  run(): Promise<void> {
    this.#buying = true;
    return new Promise((resolve, reject) => {
      this.#drained = resolve;
      this.#failed = reject;
      this.#send(this.#inFlight, performance.now());
    });
  }

  /** No new ones: what is held is confirmed yet, where it is to be. */
  stop(): void {
    this.#buying = false;
    if (this.#underWay === 0) this.#drained();
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.#socket.once(this.#isTls ? 'secureConnect' : 'connect', () => resolve());
    });
  }

  #ask(request: Buffer, dialect: Dialect): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      this.#failed = reject;
      this.#receive = (chunk) => {
        received = Buffer.concat([received, chunk]);
        try {
          if (dialect.isWhole(received)) resolve(received);
        } catch (error) {
          reject(error);
        }
      };
      this.#socket.write(request);
    });
  }

  /** Counts the replies in `chunk`, and sends what follows each of them. */
  #count(chunk: Buffer): void {
    const now = performance.now();
    let at = -this.#pending;
    let done = 0;
    if (this.#requests.steps > 1) this.#socket.cork();
    for (let run = this.#runs[0]; run !== undefined; run = this.#runs[0]) {
      const { length } = this.#replies[run.step] as ReplyShape;
      const whole = Math.min(run.count, Math.floor((chunk.length - at) / length));
      if (!this.#looksRight(chunk, at, whole, run)) return;
      at += whole * length;
      if (run.step + 1 < this.#requests.steps) this.#goOn(run, whole);
      else done += this.#finish(whole, now);
      run.slot += whole;
      run.count -= whole;
      if (run.count > 0) break;
      this.#runs.shift();
    }
    this.#pending = chunk.length - at;
    if (this.#buying && done > 0) this.#send(done, now);
    if (this.#requests.steps > 1) this.#socket.uncork();
    if (!this.#buying && this.#underWay === 0) this.#drained();
  }

  /** Whether these replies, and the beginning of one that is not whole, are what the first of their kind was. */
  #looksRight(chunk: Buffer, at: number, whole: number, run: Run): boolean {
    const { length, firstByte, lastByte } = this.#replies[run.step] as ReplyShape;
    const replies = whole < run.count ? whole + 1 : whole;
    for (let start = at, reply = 0; reply < replies; reply++, start += length) {
      const last = start + length - 1;
      if (
        (start >= 0 && start < chunk.length && chunk[start] !== firstByte) ||
        (last < chunk.length && chunk[last] !== lastByte)
      ) {
        const text = chunk.toString('latin1', Math.max(start, 0));
        this.#failed(new Error(`not the expected reply: ${text}`));
        return false;
      }
    }
    return true;
  }

  /** Sends the next step of the first `count` requests of a run. They keep their times, at the end of the queue. */
  #goOn({ slot, step }: Run, count: number): void {
    if (count === 0) return;
    for (let index = 0; index < count; index++) this.#begin(this.#end());
    this.#write(slot, step + 1, count);
  }

  /** Takes note that the last steps of the oldest requests under way are answered. Returns `count`. */
  #finish(count: number, now: number): number {
    for (let reply = 0; reply < count; reply++) this.#latencies.add(now - this.#end());
    this.acknowledged += count;
    return count;
  }

  #send(count: number, now: number): void {
    for (let index = 0; index < count; index++) this.#begin(now);
    this.#write(this.#requests.take(count), 0, count);
  }

  #write(slot: number, step: number, count: number): void {
    this.#runs.push({ slot, step, count });
    this.#socket.write(this.#requests.bytes(step, slot, count));
  }

  #begin(sentAt: number): void {
    this.#sentAt[(this.#oldest + this.#underWay++) % this.#inFlight] = sentAt;
  }

  /** Takes the oldest request off the queue, and returns when its first step was sent. */
  #end(): number {
    const sentAt = this.#sentAt[this.#oldest] as number;
    this.#oldest = this.#oldest + 1 === this.#inFlight ? 0 : this.#oldest + 1;
    this.#underWay--;
    return sentAt;
  }
}
