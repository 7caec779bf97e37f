/**
 * A process of many subscribers: it keeps what each of them was told last. Run by ../subscribers.ts with a Watch as its
 * argument; it prints `ready` when all are subscribed and told what there is, and then for each line on its stdin, an
 * inventory as JSON, what they know of it.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { encodeCommand } from '../../../src/protocol/encoder.ts';

export interface Watch {
  readonly port: number;
  readonly connections: number;
  readonly channel: string;
  /** The UPCs are these many from this one on. */
  readonly first: number;
  readonly items: number;
}

export interface Known {
  /** Subscribers that do not know every level as it is. */
  readonly wrong: number;
  /** When the last of them was told the last level that is another one, in milliseconds since 1970. */
  readonly lastAt: number;
  readonly messages: number;
}

const watch = JSON.parse(process.argv[2] as string) as Watch;

/** Most subscribers get the same bytes. */
const parsed = new Map<string, readonly (readonly [index: number, level: number])[]>();
const MAX_PARSED = 64;

function parse(payload: string) {
  let levels = parsed.get(payload);
  if (levels === undefined) {
    if (parsed.size >= MAX_PARSED) parsed.clear();
    const list = JSON.parse(payload) as { upc: number; available: number }[];
    levels = list.map(({ upc, available }) => [upc - watch.first, available] as const);
    parsed.set(payload, levels);
  }
  return levels;
}

const HEAD = `*3\r\n$7\r\nmessage\r\n$${watch.channel.length}\r\n${watch.channel}\r\n$`;

class Subscriber {
  readonly levels = new Float64Array(watch.items).fill(-1);
  lastAt = 0;
  messages = 0;
  #text = '';

  receive(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
    for (;;) {
      const start = this.#text.indexOf(HEAD);
      if (start < 0) return;
      const from = this.#text.indexOf('\n', start + HEAD.length) + 1;
      const length = Number.parseInt(this.#text.slice(start + HEAD.length, from), 10);
      if (from === 0 || this.#text.length < from + length + 2) return;
      this.#take(this.#text.slice(from, from + length));
      this.#text = this.#text.slice(from + length + 2);
    }
  }

  #take(payload: string): void {
    this.messages++;
    for (const [index, level] of parse(payload)) {
      if (this.levels[index] === level) continue;
      this.levels[index] = level;
      this.lastAt = Date.now();
    }
  }
}

const subscribers: Subscriber[] = [];

async function subscribe(): Promise<void> {
  const subscriber = new Subscriber();
  subscribers.push(subscriber);
  const socket = connect(watch.port, '127.0.0.1');
  socket.write(
    encodeCommand(['AUTH', 'alice', 'wonderland']) + encodeCommand(['SUBSCRIBE', watch.channel]),
  );
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a subscriber')));
    socket.on('data', (chunk: Buffer) => {
      subscriber.receive(chunk.toString('latin1'));
      if (subscriber.messages > 0) resolve();
    });
  });
}

for (let left = watch.connections; left > 0; left -= 100) {
  await Promise.all(Array.from({ length: Math.min(left, 100) }, subscribe));
}
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const levels = JSON.parse(line) as number[];
  const isRight = (one: Subscriber) =>
    one.levels.every((level, index) => level === -1 || level === levels[index]);
  const known: Known = {
    wrong: subscribers.filter((one) => !isRight(one)).length,
    lastAt: Math.max(...subscribers.map(({ lastAt }) => lastAt)),
    messages: subscribers.reduce((sum, { messages }) => sum + messages, 0),
  };
  console.log(JSON.stringify(known));
}
process.exit();
