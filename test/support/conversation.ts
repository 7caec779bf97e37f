/** Runs a conversation of PROTOCOL.md against a real server, byte by byte. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { CATALOG } from '../../src/inventory/catalog.ts';
import { ReplyDecoder } from '../../src/protocol/reply-decoder.ts';
import { TemporaryFolder } from './folder.ts';
import { startServer, type TestServer } from './in-process.ts';
import type { RawClient } from './raw-client.ts';
import { type Ended, type ServeProcess, serve } from './serve-process.ts';

/** Lines that one side of one connection sends, one after the other; or something that happens. */
export type Step =
  | { readonly from: 'client' | 'server'; readonly connection: string; readonly lines: string[] }
  | { readonly event: string };

/** Steps from lines as `C1: PING`, `S1: $2 | hi` and `-- the server stops and starts again`. */
export function parseConversation(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const line of lines) {
    const event = /^-- (.+)$/.exec(line)?.[1];
    if (event !== undefined) {
      steps.push({ event });
      continue;
    }
    const [, side, connection, text] = /^([CS])(\d?):(?: (.*))?$/.exec(line) ?? [];
    if (side === undefined) throw new Error(`not a line of a conversation: ${line}`);
    const from = side === 'C' ? 'client' : 'server';
    const parts = (text ?? '').split(' | ');
    const last = steps.at(-1);
    if (
      last !== undefined &&
      'from' in last &&
      last.from === from &&
      last.connection === connection
    ) {
      last.lines.push(...parts);
    } else {
      steps.push({ from, connection: connection as string, lines: parts });
    }
  }
  return steps;
}

/**
 * Steps from what a terminal showed of `nc`. Nothing marks what was typed, but that it comes when
 * everything before it is answered.
 */
export function parseTranscript(lines: readonly string[]): Step[] {
  const [first, ...rest] = lines;
  if (!/^\$ nc \S+ \d+$/.test(first ?? '') || rest.pop() !== '$') {
    throw new Error('not a transcript from `$ nc` to the next `$`');
  }
  const decoder = new ReplyDecoder();
  let answered = true;
  const steps = rest.map((line): Step => {
    const from = answered ? 'client' : 'server';
    // A time may be any number: only where the reply ends matters here.
    if (!answered) decoder.push(Buffer.from(`${line.replace('<time>', '0')}\r\n`));
    answered = !answered && decoder.next() !== undefined;
    return { from, connection: '', lines: [line] };
  });
  if (!answered) throw new Error('the transcript ends before its last reply');
  return [...steps, { event: 'the server closes the connection' }];
}

/** What may stand for `<token>`, `<token2>` and so on. */
const KINDS: Readonly<Record<string, string>> = {
  token: '[\\w-]{43}',
  time: '\\d{13}',
  moment: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z',
  order: '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
  shop: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  version: '\\d+\\.\\d+\\.\\d+',
  number: '\\d+',
  seconds: '\\d+\\.\\d{6}',
};

const PLACEHOLDER = /<([a-z]+)(\d*)>/g;

/** The server answers at once, but a wrong password takes its time, and so does a busy machine. */
const PATIENCE_MS = 10_000;

/** A time in a reply is about now: nothing here takes longer. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Holds the conversation on a server with fresh data: a process of its own where it stops on the way. */
export async function converse(steps: readonly Step[]): Promise<void> {
  using folder = new TemporaryFolder();
  const stops = steps.some((step) => 'event' in step && step.event.includes('starts again'));
  await using conversation = new Conversation(folder.file('inventory.db'), stops);
  await conversation.start();
  for (const step of steps) await conversation.take(step);
  await conversation.end();
}

/** A connection, and how much of what it received is accounted for. */
interface Peer {
  readonly client: RawClient;
  read: number;
}

class Conversation implements AsyncDisposable {
  /** The data file of a server that is a process. */
  readonly #data: string;
  readonly #isProcess: boolean;
  #server: ServeProcess | TestServer | null = null;
  readonly #peers = new Map<string, Peer>();
  /** The values of the placeholders so far. */
  readonly #values = new Map<string, string>();

  constructor(data: string, isProcess: boolean) {
    this.#data = data;
    this.#isProcess = isProcess;
  }

  async start(): Promise<void> {
    this.#server = this.#isProcess
      ? await serve(this.#data)
      : await startServer({ version: '0.0.0' });
  }

  /** Ends the process, which the next start follows. */
  #stop(signal: NodeJS.Signals): Promise<Ended> {
    return (this.#server as ServeProcess).stop(signal);
  }

  async take(step: Step): Promise<void> {
    if ('event' in step) await this.#happen(step.event);
    else if (step.from === 'client') await this.#send(step.connection, step.lines);
    else await this.#expect(step.connection, step.lines);
  }

  /** Every connection has said what the document says, and nothing else. */
  async end(): Promise<void> {
    for (const [connection, { client }] of this.#peers) {
      client.end();
      await this.#expectClosed(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#peers.values()) await client[Symbol.asyncDispose]();
    await this.#server?.[Symbol.asyncDispose]();
  }

  async #happen(event: string): Promise<void> {
    const closed = /^the server closes (?:the connection|connection (\d))$/.exec(event);
    if (closed !== null) return await this.#expectClosed(closed[1] ?? '');
    const ruled = /^the server starts again, with "limit" (\d+) and "returns" for (\d+)$/.exec(
      event,
    );
    if (ruled !== null) return await this.#sellWith(Number(ruled[1]), Number(ruled[2]));
    const due = /^the time (<time\d*>) comes$/.exec(event);
    if (due !== null) return await this.#untilTime(Number(this.#values.get(due[1] as string)));
    switch (event) {
      case 'the client closes its side':
        (await this.#peer('')).client.end();
        return;
      case 'the server stops and starts again': {
        const ended = this.#stop('SIGTERM');
        for (const connection of this.#peers.keys()) await this.#expectClosed(connection);
        expect(await ended).toMatchObject({ code: 0 });
        return await this.start();
      }
      case 'the server is killed and starts again':
        await this.#stop('SIGKILL');
        for (const { client } of this.#peers.values()) await client[Symbol.asyncDispose]();
        this.#peers.clear();
        return await this.start();
      default:
        throw new Error(`unknown event: ${event}`);
    }
  }

  /** Starts the server again with the rules of one item in its catalogue. */
  async #sellWith(limit: number, upc: number): Promise<void> {
    await this.#stop('SIGTERM');
    const catalog = join(dirname(this.#data), 'items.json');
    const items = CATALOG.map((item) =>
      item.upc === upc ? { ...item, limit, returns: true } : item,
    );
    await writeFile(catalog, JSON.stringify(items));
    this.#server = await serve(this.#data, '--catalog', catalog);
  }

  /** Waits until the clock, which is the server's too, shows that time. */
  async #untilTime(time: number): Promise<void> {
    for (let left = time - Date.now(); left > 0; left = time - Date.now()) await delay(left);
  }

  async #send(connection: string, lines: readonly string[]): Promise<void> {
    const { client } = await this.#peer(connection);
    const filled = lines.map((line) =>
      line.replace(PLACEHOLDER, (name) => this.#values.get(name) ?? name),
    );
    const bytes = `${filled.join('\r\n')}\r\n`;
    // A request that is cut off: its last line has no end.
    await client.send(Buffer.from(bytes.replace(/<cut>\r\n$/, '')));
  }

  async #expect(connection: string, lines: readonly string[]): Promise<void> {
    const peer = await this.#peer(connection);
    const received = await this.#receive(peer, lines.length);
    const shown = received.map((line, index) => this.#matches(lines[index] ?? '', line));
    expect(shown).toEqual(lines);
    // `latin1`, as RawClient keeps what it receives.
    for (const line of received) peer.read += line.length + 2;
  }

  /** The next `count` lines, or fewer when no more come. */
  async #receive({ client, read }: Peer, count: number): Promise<string[]> {
    for (;;) {
      const lines = client.received.slice(read).split('\r\n').slice(0, -1).slice(0, count);
      if (lines.length === count) return lines;
      // RawClient reads whole replies, and throws when the framing of one is not right.
      const reply = client.reply().then(
        () => true,
        () => false,
      );
      if (!(await within(reply))) return lines;
    }
  }

  /** The line of the document when the received one fits it, else the received one. */
  #matches(expected: string, received: string): string {
    const names: string[] = [];
    const parts = expected.split(/(<[a-z]+\d*>)/);
    const source = parts.map((part, index) => {
      if (index % 2 === 0) return RegExp.escape(Buffer.from(part).toString('latin1'));
      const value = this.#values.get(part);
      if (value !== undefined) return RegExp.escape(value);
      const kind = KINDS[part.replace(/[<\d>]/g, '')];
      if (kind === undefined) throw new Error(`unknown placeholder ${part}`);
      names.push(part);
      return `(${kind})`;
    });
    const found = new RegExp(`^${source.join('')}$`).exec(received);
    if (found === null) return Buffer.from(received, 'latin1').toString();
    for (const [index, name] of names.entries()) this.#bind(name, found[index + 1] as string);
    return expected;
  }

  #bind(name: string, value: string): void {
    if (name.startsWith('<time')) {
      expect(Math.abs(Number(value) - Date.now()), name).toBeLessThan(CLOCK_TOLERANCE_MS);
    }
    this.#values.set(name, value);
  }

  async #expectClosed(connection: string): Promise<void> {
    const { client, read } = await this.#peer(connection);
    this.#peers.delete(connection);
    const received = await within(client.untilClosed());
    await client[Symbol.asyncDispose]();
    expect(received?.slice(read) ?? 'the server did not close the connection').toBe('');
  }

  async #peer(connection: string): Promise<Peer> {
    let peer = this.#peers.get(connection);
    if (peer === undefined) {
      if (this.#server === null) throw new Error('not started');
      peer = { client: await this.#server.connect(), read: 0 };
      this.#peers.set(connection, peer);
    }
    return peer;
  }
}

async function within<T>(promise: Promise<T>): Promise<T | null> {
  const timeout = new AbortController();
  const late = delay(PATIENCE_MS, null, { signal: timeout.signal }).catch(() => null);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}
