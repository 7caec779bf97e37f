/**
 * One connection of the load: always the same number of requests under way. All replies of a server
 * have the same length here (no number in them changes its digits), so replies are counted by their
 * length; the first is parsed whole, and of every other the first and the last byte are compared
 * with it. After the run the units sold must equal the replies counted.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Dialect } from './dialects.ts';
import type { Latencies } from './latencies.ts';
import type { Requests } from './requests.ts';

const RECEIVE_BYTES = 65_536;

export class Buyer {
  readonly #socket: Socket;
  readonly #isTls: boolean;
  readonly #requests: Requests;
  readonly #latencies: Latencies;
  readonly #inFlight: number;
  /** When each request under way was sent, as a ring. */
  readonly #sentAt: Float64Array;
  #oldest = 0;
  #underWay = 0;
  #replyLength = 0;
  #firstByte = 0;
  #lastByte = 0;
  /** Bytes of a reply that is not whole yet. */
  #pending = 0;
  #buying = false;
  #receive: (chunk: Buffer) => void = () => {};
  #failed: (error: Error) => void = () => {};
  #drained: () => void = () => {};
  acknowledged = 0;

  /** A connection that is logged in and has bought one unit. */
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
    const reply = await buyer.#ask(requests.take(1), dialect);
    buyer.acknowledged = 1;
    buyer.#replyLength = reply.length;
    buyer.#firstByte = reply[0] as number;
    buyer.#lastByte = reply[reply.length - 1] as number;
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

  #count(chunk: Buffer): void {
    const now = performance.now();
    const length = this.#replyLength;
    const total = this.#pending + chunk.length;
    const replies = Math.floor(total / length);
    for (let start = -this.#pending; start < chunk.length; start += length) {
      const last = start + length - 1;
      if (
        (start >= 0 && chunk[start] !== this.#firstByte) ||
        (last < chunk.length && chunk[last] !== this.#lastByte)
      ) {
        const text = chunk.toString('latin1', Math.max(start, 0));
        this.#failed(new Error(`not a purchase: ${text}`));
        return;
      }
    }
    this.#pending = total - replies * length;
    this.acknowledged += replies;
    this.#underWay -= replies;
    for (let reply = 0; reply < replies; reply++) {
      this.#latencies.add(now - (this.#sentAt[this.#oldest] as number));
      this.#oldest = this.#oldest + 1 === this.#inFlight ? 0 : this.#oldest + 1;
    }
    if (this.#buying) {
      if (replies > 0) this.#send(replies, now);
    } else if (this.#underWay === 0) {
      this.#drained();
    }
  }

  /** The places that were just freed in the ring are the places of the new requests. */
  #send(count: number, now: number): void {
    for (let index = 1; index <= count; index++) {
      this.#sentAt[(this.#oldest + this.#inFlight - index) % this.#inFlight] = now;
    }
    this.#underWay += count;
    this.#socket.write(this.#requests.take(count));
  }
}
