/** One connection that asks one thing at a time, and how long each answer takes. */
import { connect, type Socket } from 'node:net';
import { encodeCommand } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { ReplyDecoder } from '../../../src/protocol/reply-decoder.ts';
import { Latencies } from '../load/latencies.ts';

export class Asker {
  readonly #socket: Socket;
  #receive: (chunk: Buffer) => void = () => {};
  #failed: (error: Error) => void = () => {};

  static async open(port: number): Promise<Asker> {
    const asker = new Asker(port);
    await asker.ask('AUTH', 'alice', 'wonderland');
    return asker;
  }

  private constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the server closed the connection')));
  }

  /** Answers the length of the reply. */
  ask(...words: string[]): Promise<number> {
    const decoder = new ReplyDecoder();
    let length = 0;
    return this.#exchange(words, (chunk) => {
      length += chunk.length;
      decoder.push(chunk);
      const reply = decoder.next();
      if (reply instanceof ErrorReply) throw new Error(`${reply.code} ${reply.message}`);
      return reply === undefined ? null : length;
    });
  }

  /** Takes a reply whose length is known, without looking at it: cheap for the machine under test. */
  async take(length: number, ...words: string[]): Promise<void> {
    let left = length;
    await this.#exchange(words, (chunk) => {
      left -= chunk.length;
      return left > 0 ? null : 0;
    });
    if (left < 0) throw new Error('the reply is longer than the first one');
  }

  /** Asks all of these, one after the other, and tells how long each took in milliseconds. */
  async time(commands: readonly string[][]): Promise<Latencies> {
    const latencies = new Latencies();
    for (const words of commands) {
      const start = performance.now();
      await this.ask(...words);
      latencies.add(performance.now() - start);
    }
    return latencies;
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }

  #exchange(words: string[], read: (chunk: Buffer) => number | null): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.#receive = (chunk) => {
        try {
          const done = read(chunk);
          if (done !== null) resolve(done);
        } catch (error) {
          reject(error);
        }
      };
      this.#socket.write(encodeCommand(words), 'latin1');
    });
  }
}
