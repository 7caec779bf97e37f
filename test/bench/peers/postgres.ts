import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { firstRow, isWhole, query, startup, USER } from '../load/postgres-wire.ts';
import { eventually, freePort, list, type Peer, startProcess, stopProcess } from './peer.ts';
import { HOLDS } from './postgres-holds.ts';
import { schema } from './postgres-schema.ts';

/** One call of a function for each request. */
export const postgresPeer: Peer = {
  name: 'postgres',
  dialect: 'postgres',
  missing: postgresMissing,
  start: async (folder, { upcs, units }) => {
    const { port, pid, stop } = await startPostgres(folder);
    for (const statement of [...schema(list(upcs), units), ...HOLDS]) {
      await askPostgres(port, statement);
    }
    return {
      ports: [port],
      pids: [pid],
      books: async () => {
        const row = await askPostgres(port, BOOKS);
        const [taken, held] = row.map(Number) as [number, number];
        return { sold: taken - held, held };
      },
      stop,
    };
  },
};

const BOOKS = `SELECT sum(units - available),
  (SELECT coalesce(sum(qty), 0) FROM holds WHERE state = 'held') FROM stock`;

export function postgresMissing(): string | null {
  return programs() === null
    ? 'PostgreSQL is not installed (Debian: apt install postgresql)'
    : null;
}

interface RunningPostgres {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts an empty PostgreSQL as it comes: fsync, synchronous_commit and full_page_writes are on. */
export async function startPostgres(folder: string): Promise<RunningPostgres> {
  const bin = programs() as string;
  const account = unprivileged();
  const data = join(folder, 'data');
  mkdirSync(data);
  if (account !== null) chownSync(data, account.uid, account.gid);
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', USER, '--auth=trust', '--no-locale', '--encoding=UTF8', '--no-sync'],
    { ...account, cwd: data },
  );
  const running = await runServer(data, /ready to accept connections/);
  await eventually(() => askPostgres(running.port, 'SELECT 1'));
  return running;
}

/** Copies the server at `port` into a standby, for whose disk each of its commits then waits. */
export async function followWithStandby(folder: string, port: number): Promise<RunningPostgres> {
  const data = join(folder, 'standby');
  const account = unprivileged();
  mkdirSync(data);
  if (account !== null) chownSync(data, account.uid, account.gid);
  chmodSync(data, 0o700);
  execFileSync(
    join(programs() as string, 'pg_basebackup'),
    [...['-D', data, '-h', '127.0.0.1', '-p', String(port), '-U', USER], '-R', '-c', 'fast'],
    { ...account, cwd: data },
  );
  const standby = await runServer(data, /ready to accept read-only connections/);
  await askPostgres(port, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await askPostgres(port, 'SELECT pg_reload_conf()');
  await eventually(async () => {
    const sync = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    if ((await askPostgres(port, sync))[0] !== '1') throw new Error('the standby does not follow');
  });
  return standby;
}

/** Runs the server whose files are in `data`. */
async function runServer(data: string, ready: RegExp): Promise<RunningPostgres> {
  const port = await freePort();
  const { child } = await startProcess(
    join(programs() as string, 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''],
    ready,
    { ...unprivileged(), cwd: data },
  );
  // SIGINT ends the connections and writes everything down; SIGTERM would wait for the clients.
  return { port, pid: child.pid as number, stop: () => stopProcess(child, 'SIGINT') };
}

/** Where PostgreSQL's server programs are: Debian keeps them off the PATH. */
function programs(): string | null {
  const { stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const places = [stdout?.trim() ?? '', ...globSync('/usr/lib/postgresql/*/bin').sort().reverse()];
  return places.find((place) => existsSync(join(place, 'postgres')) && place !== '') ?? null;
}

/** PostgreSQL refuses to run as root; its Debian package makes a user for it. */
function unprivileged(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (option: string) =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The first row of the answer to one statement, over a connection of its own. */
export function askPostgres(port: number, sql: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(startup()));
    let received = Buffer.alloc(0);
    let greeted = false;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('PostgreSQL closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      try {
        if (!isWhole(received)) return;
      } catch (error) {
        reject(error);
        socket.destroy();
        return;
      }
      if (greeted) {
        resolve(firstRow(received));
        socket.destroy();
      } else {
        greeted = true;
        received = Buffer.alloc(0);
        socket.write(query(sql));
      }
    });
  });
}
