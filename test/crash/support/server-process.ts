/** A real `inv serve` in a process of its own, on a port that it chose itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithUs } from '../../support/ends-with-us.ts';
import { program } from '../../support/program.ts';

let madeDataHome: string | null = null;

function dataHome(): string {
  if (madeDataHome === null) {
    const made = mkdtempSync(join(tmpdir(), 'inv-crash-data-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    madeDataHome = made;
  }
  return madeDataHome;
}

export interface ServerOptions {
  readonly data: string;
  readonly catalog?: string;
  readonly users?: string;
  /** Chosen by the system when it is left out. */
  readonly port?: number;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** A program with its options that runs the server, such as `strace`; it must be the server's process. */
  readonly under?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Resolves with the port when connections are accepted; rejects when the process ends before that. */
  readonly listening: Promise<number>;
  readonly #child: ChildProcess;
  #errors = '';

  constructor({ data, catalog, users, port = 0, logLevel, under = [] }: ServerOptions) {
    const args = ['serve', '--port', String(port), '--data', data];
    if (catalog !== undefined) args.push('--catalog', catalog);
    if (users !== undefined) args.push('--users', users);
    if (logLevel !== undefined) args.push('--log-level', logLevel);
    const { FORCE_COLOR, NODE_ENV, ...env } = process.env;
    const [command, words] = program(args);
    const [first, ...rest] = [...under, command, ...words];
    this.#child = spawn(first as string, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // What servers keep in the user's data folder outlives them, but not the campaign.
      env: { ...env, XDG_DATA_HOME: dataHome() },
    });
    this.pid = this.#child.pid as number;
    endsWithUs(this.#child);
    this.#child.stderr?.on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-10_000);
    });
    this.exited = once(this.#child, 'close').then(([code, signal]) => {
      return { code, signal };
    });
    this.listening = this.#untilListening();
    // Whoever kills a server while it starts does not wait for it to listen.
    this.listening.catch(() => undefined);
  }

  /** Starts a server and waits until it listens. */
  static async start(options: ServerOptions): Promise<ServerProcess & { readonly port: number }> {
    const server = new ServerProcess(options);
    return Object.assign(server, { port: await server.listening });
  }

  /** The last that it wrote on stderr. */
  get errors(): string {
    return this.#errors;
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return await this.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Bytes of memory that the process holds (Linux). */
  get residentBytes(): number {
    return this.#status('VmRSS');
  }

  /** The most that it ever held (Linux). */
  get peakResidentBytes(): number {
    return this.#status('VmHWM');
  }

  #status(name: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    return Number(kilobytes) * 1024;
  }

  async #untilListening(): Promise<number> {
    let output = '';
    return await new Promise((resolve, reject) => {
      this.#child.stdout?.on('data', (text) => {
        output += text;
        const port = /listening on \S+:(\d+)\n/.exec(output)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      this.#child.on('close', (code, signal) => {
        reject(
          new Error(`the server ended (${signal ?? code}) before it listened: ${this.#errors}`),
        );
      });
    });
  }
}
