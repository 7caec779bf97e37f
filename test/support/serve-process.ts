import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endsWithUs } from './ends-with-us.ts';
import { PASSWORDS } from './in-process.ts';
import { program } from './program.ts';
import { RawClient } from './raw-client.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real `inv serve`, on a port that it chose itself. Killed at the end of the scope if it still runs. */
export class ServeProcess implements AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcess;
  /** What it printed when it was ready. */
  readonly greeting: readonly string[];
  readonly ended: Promise<Ended>;

  constructor(
    child: ChildProcess,
    ended: Promise<Ended>,
    port: number,
    greeting: readonly string[],
  ) {
    this.child = child;
    this.ended = ended;
    this.port = port;
    this.greeting = greeting;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port);
  }

  /** A connection that speaks RESP3 and is logged in as `user`. */
  async login(user: keyof typeof PASSWORDS = 'alice'): Promise<RawClient> {
    const client = await this.connect();
    await client.ask(`HELLO 3 AUTH ${user} ${PASSWORDS[user]}`);
    return client;
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** Runs `inv serve` with these arguments to its end: for the ways in which it refuses to start. */
export async function serveToEnd(...args: string[]): Promise<Ended> {
  return await start(args).ended;
}

/** Starts `inv serve --port 0` over the data file `data` and waits until it accepts connections. */
export function serve(data: string, ...args: string[]): Promise<ServeProcess> {
  return serveWith({}, '--data', data, ...args);
}

/** Starts `inv serve --port 0` in an environment of its own. */
export async function serveWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<ServeProcess> {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const { child, ended } = start([...port, ...args], env);
  const greeting: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      greeting.push(line);
      if (/^(restored|new) /.test(line)) resolve();
    });
  });
  await Promise.race([ready, ended]);
  const chosen = /:(\d+)$/.exec(greeting[0] ?? '')?.[1];
  if (chosen === undefined) throw new Error(`did not start: ${JSON.stringify(await ended)}`);
  return new ServeProcess(child, ended, Number(chosen), greeting);
}

/** The user's data folder of all servers of this test file: nobody's own. */
function dataHome(): string {
  if (madeDataHome === null) {
    const made = mkdtempSync(join(tmpdir(), 'inv-data-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    madeDataHome = made;
  }
  return madeDataHome;
}

let madeDataHome: string | null = null;

function start(args: readonly string[], own: NodeJS.ProcessEnv = {}) {
  const { DEBUG, FORCE_COLOR, NODE_ENV, NO_COLOR, ...env } = process.env;
  const child = spawn(...program(['serve', ...args]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, XDG_DATA_HOME: dataHome(), ...own },
  });
  endsWithUs(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}
