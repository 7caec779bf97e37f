/** A server under measurement: how it is started, asked and stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { encodeCommand } from '../../../src/protocol/encoder.ts';
import type { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { ReplyDecoder, type ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { endsWithUs } from '../../support/ends-with-us.ts';
import type { DialectName, Upcs } from '../load/job.ts';

export interface Stock {
  readonly upcs: Upcs;
  /** Of each item, at the start. */
  readonly units: number;
}

export function list({ first, count }: Upcs): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export interface Peer {
  readonly name: string;
  readonly dialect: DialectName;
  /** Why it cannot be measured here, or null. */
  missing(): string | null;
  /** Starts with `stock` and no orders; everything it writes goes into `folder`, which is its own. */
  start(folder: string, stock: Stock): Promise<RunningPeer>;
}

/** Units that are not available any more, by the server's own tables. */
export interface Books {
  readonly sold: number;
  /** Units that live holds keep. */
  readonly held: number;
}

export interface RunningPeer {
  /** Where it listens: more than one when it is several servers. */
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  /** The certificate to trust, where it speaks TLS. */
  readonly ca?: string | undefined;
  /** Null when it keeps none. */
  books(): Promise<Books | null>;
  stop(): Promise<void>;
}

const START_SECONDS = 30;

/** Starts a process and waits until its output matches. It ends with this process. */
export async function startProcess(
  command: string,
  args: readonly string[],
  ready: RegExp,
  options: { cwd?: string; uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<{ child: ChildProcess; match: RegExpExecArray }> {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = endsWithUs(spawn(command, args, { ...options, stdio }));
  let output = '';
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${command} ${why}: ${output}`));
    const timer = setTimeout(() => fail('did not get ready'), 1000 * START_SECONDS);
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = ready.exec(output);
      if (found !== null) {
        clearTimeout(timer);
        resolve(found);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`ended with ${code}`));
  });
  return { child, match };
}

/** Asks the process to stop, and waits until it has. */
export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}

/** Another process could take it before it is used, but none here does. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Sends commands to a RESP server over a connection of their own, and answers the last reply. */
export async function askResp(
  at: number | { readonly port: number; readonly ca: string | undefined },
  ...commands: string[][]
): Promise<ReplyValue> {
  const { port, ca } = typeof at === 'number' ? { port: at, ca: undefined } : at;
  const socket =
    ca === undefined ? connect(port, '127.0.0.1') : connectTls(port, '127.0.0.1', { ca });
  const decoder = new ReplyDecoder();
  socket.write(commands.map(encodeCommand).join(''), 'latin1');
  let left = commands.length;
  try {
    for await (const chunk of socket) {
      decoder.push(chunk);
      for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
        if (isError(reply)) throw new Error(`${reply.code} ${reply.message}`);
        if (--left === 0) return reply;
      }
    }
    throw new Error('the server closed the connection');
  } finally {
    socket.destroy();
  }
}

function isError(reply: ReplyValue): reply is ErrorReply {
  return typeof reply === 'object' && reply !== null && 'code' in reply;
}

/** Tries again until it works, for servers that do not say when they are ready. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const end = Date.now() + 1000 * START_SECONDS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
