/**
 * Feeds a real server with mutated sessions. It must answer what it can read, close what it cannot,
 * sell nothing that was not properly asked for, keep its size, and serve an honest client meanwhile.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCommand } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { ReplyDecoder, type ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { DataFile } from '../kill/data-file.ts';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { PASSWORDS } from '../support/wire-client.ts';
import { HONEST_UPC, HonestClient } from './honest-client.ts';
import {
  malformedBytes,
  malformedOrder,
  mutatedBytes,
  mutatedWords,
  OPEN_UPCS,
  UNTOUCHED_UPC,
} from './inputs.ts';

/** Connections at once. */
const FUZZERS = 24;
/** Inputs with right framing share a connection. */
const INPUTS_A_BATCH = 40;
/** A server that neither answers nor closes within this time hangs. */
const PATIENCE_MS = 20_000;
const UNITS = 1_000_000_000;

const MEBIBYTE = 1024 * 1024;
/** The garbage collector's size comes and goes by some tens; a leak of 100 bytes an input would be more. */
const MAX_GROWTH_MIB = 48;

export interface FuzzReport {
  readonly inputs: number;
  readonly connections: number;
  readonly errors: number;
  /** Purchases, holds, confirmed holds and returns that were valid after all. */
  readonly done: number;
  /** MiB after half of the inputs, when everything is warm, and at the end. */
  readonly residentBefore: number;
  readonly residentAfter: number;
  readonly honestRequests: number;
  readonly honestSlowestMs: number;
  readonly violations: readonly string[];
}

export async function runFuzz(
  inputs: number,
  seed: number,
  progress: (line: string) => void = () => undefined,
): Promise<FuzzReport> {
  const folder = mkdtempSync(join(tmpdir(), 'inv-fuzz-'));
  const files = { data: join(folder, 'inventory.db'), catalog: join(folder, 'catalog.json') };
  const upcs = [...OPEN_UPCS, UNTOUCHED_UPC, HONEST_UPC];
  writeFileSync(
    files.catalog,
    JSON.stringify(upcs.map((upc) => ({ upc, name: `Item ${upc}`, units: UNITS, returns: true }))),
  );
  const server = await ServerProcess.start(files);
  const fuzz = new Fuzz(server.port, new Random(seed));
  const honest = await HonestClient.start(server.port);

  const sizes: number[] = [];
  const parts = 10;
  for (let part = 1; part <= parts; part++) {
    await fuzz.feed(Math.round((inputs * part) / parts));
    sizes.push(Math.round(server.residentBytes / MEBIBYTE));
    progress(`${fuzz.inputs} inputs, the server has ${sizes.at(-1)} MiB`);
    if (fuzz.violations.length > 0) break;
  }
  await honest.stop();
  const [warm, atTheEnd] = [sizes[sizes.length >> 1] ?? 0, sizes.at(-1) ?? 0];
  if (atTheEnd - warm > MAX_GROWTH_MIB)
    fuzz.violations.push(`grew from ${warm} to ${atTheEnd} MiB`);
  const { code } = await server.end('SIGTERM');
  if (code !== 0) fuzz.violations.push(`the stop exited with ${code}: ${server.errors}`);
  using file = DataFile.copyOf(files.data);
  checkStock(file, fuzz, honest);
  rmSync(folder, { recursive: true });
  return {
    inputs: fuzz.inputs,
    connections: fuzz.connections,
    errors: fuzz.errors,
    done: fuzz.done,
    residentBefore: warm,
    residentAfter: atTheEnd,
    honestRequests: honest.requests,
    honestSlowestMs: Math.round(honest.slowestMs),
    violations: [...fuzz.violations, ...honest.violations],
  };
}

/** Every sale, hold and return was answered as one, and none was made of what only malformed commands named. */
function checkStock(file: DataFile, fuzz: Fuzz, honest: HonestClient): void {
  const sold = new Map<number, number>();
  const touched = new Set<number>();
  let done = 0;
  for (const { lines, refusal, state } of file.orders()) {
    if (refusal !== null) continue;
    // A hold that was bought was answered twice: when it was held, and when it was confirmed.
    done += state === 'bought' ? 2 : 1;
    const isBought = state === null || state === 'bought';
    const sign = isBought ? 1 : state === 'returned' ? -1 : 0;
    for (const [upc, qty] of JSON.parse(lines) as [number, number][]) {
      touched.add(upc);
      sold.set(upc, (sold.get(upc) ?? 0) + sign * qty);
    }
  }
  const held = new Map<number, number>();
  for (const { upc, units } of file.held()) held.set(upc, (held.get(upc) ?? 0) + units);
  for (const { upc, units, available } of file.stock()) {
    const [gone, kept] = [sold.get(upc) ?? 0, held.get(upc) ?? 0];
    if (units !== available + gone + kept)
      fuzz.violations.push(`item ${upc}: ${available} + ${gone} sold + ${kept} held`);
  }
  if (touched.has(UNTOUCHED_UPC)) fuzz.violations.push('a malformed command ordered something');
  if (sold.get(HONEST_UPC) !== honest.bought) {
    fuzz.violations.push(`the honest client bought ${honest.bought}, not ${sold.get(HONEST_UPC)}`);
  }
  if (done !== fuzz.done + honest.bought) {
    fuzz.violations.push(
      `${done} orders, holds and returns, and ${fuzz.done + honest.bought} were answered so`,
    );
  }
}

class Fuzz {
  readonly #port: number;
  readonly #random: Random;
  readonly violations: string[] = [];
  inputs = 0;
  connections = 0;
  errors = 0;
  /** Answers that said that something was bought, held or given back just now. */
  done = 0;

  constructor(port: number, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  /** Goes on until that many inputs were fed in all. */
  async feed(inputs: number): Promise<void> {
    const fuzzer = async () => {
      while (this.inputs < inputs && this.violations.length === 0) {
        // An own connection costs as much as a batch; four fifths of the inputs share one.
        if (this.#random.below(10) === 0) await this.#feedBatch();
        else await this.#feedBytes();
      }
    };
    await Promise.all(Array.from({ length: FUZZERS }, fuzzer));
  }

  /** Inputs whose framing is right: each one gets exactly one answer. */
  async #feedBatch(): Promise<void> {
    const random = this.#random;
    const commands = Array.from({ length: INPUTS_A_BATCH }, () =>
      random.chance(0.3)
        ? { words: malformedOrder(random), isMalformed: true }
        : { words: mutatedWords(random), isMalformed: false },
    );
    this.inputs += commands.length;
    const bytes = commands.map(({ words }) => encodeCommand(words)).join('');
    const replies = await this.#exchange(bytes);
    if (replies === null) return;
    if (replies.length !== commands.length) {
      this.violations.push(
        `${commands.length} commands had ${replies.length} answers: ${JSON.stringify(bytes)}`,
      );
    }
    for (const [index, { words, isMalformed }] of commands.entries()) {
      if (!isMalformed || replies[index] instanceof ErrorReply) continue;
      this.violations.push(`${JSON.stringify(words)} was not answered with an error`);
    }
  }

  /** An input whose framing may be wrong: it has its connection to itself. */
  async #feedBytes(): Promise<void> {
    const random = this.#random;
    this.inputs++;
    await this.#exchange(random.chance(0.2) ? malformedBytes(random) : mutatedBytes(random));
  }

  /** Sends the bytes, in some chunks, says that this was all, and reads until the server closes. */
  async #exchange(bytes: string): Promise<ReplyValue[] | null> {
    this.connections++;
    const whole = encodeCommand(['HELLO', '3', 'AUTH', 'carol', PASSWORDS.carol]) + bytes;
    try {
      const output = await this.#converse(whole);
      this.done += (output.match(/replayed\r\n(#f|:0)/g) ?? []).length;
      const replies = decoded(output);
      this.errors += replies.filter((reply) => reply instanceof ErrorReply).length;
      // The first one answers HELLO.
      return replies.slice(1);
    } catch (error) {
      this.violations.push(`${(error as Error).message} after ${JSON.stringify(whole)}`);
      return null;
    }
  }

  #converse(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let output = '';
      const socket = connect({
        port: this.#port,
        host: '127.0.0.1',
        allowHalfOpen: true,
        noDelay: true,
      });
      socket.setTimeout(PATIENCE_MS, () => {
        socket.destroy();
        reject(new Error(`no answer and no end for ${PATIENCE_MS} ms`));
      });
      socket.on('connect', () => this.#write(socket, bytes));
      socket.on('data', (chunk) => {
        output += chunk.toString('latin1');
      });
      socket.on('end', () => {
        // A reset leaves no trace of this connection behind; a million of them would use up all ports.
        socket.resetAndDestroy();
        resolve(output);
      });
      socket.on('error', reject);
    });
  }

  /** The server may close before all of it is sent. */
  #write(socket: Socket, bytes: string): void {
    if (!this.#random.chance(0.5)) {
      socket.end(bytes, 'latin1');
      return;
    }
    const at = this.#random.below(bytes.length);
    socket.write(bytes.slice(0, at), 'latin1');
    setImmediate(() => socket.end(bytes.slice(at), 'latin1'));
  }
}

/** Every byte of the output must belong to a whole reply. */
function decoded(output: string): ReplyValue[] {
  const decoder = new ReplyDecoder();
  // The end of the output is marked with a reply of our own: what is cut off would swallow it.
  decoder.push(Buffer.from(`${output}+THE-END\r\n`, 'latin1'));
  const replies: ReplyValue[] = [];
  for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) replies.push(reply);
  if (replies.pop() !== 'THE-END') throw new Error('the output ends in the middle of a reply');
  return replies;
}
