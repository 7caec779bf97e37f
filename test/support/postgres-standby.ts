/** A standby of a PostgreSQL server of a test's own, and its promotion. */
import { chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { account, PostgresServer } from './postgres-server.ts';

/** What the primary must be started with: it then acknowledges nothing that the standby has not synced. */
export const PRIMARY_SETTINGS = {
  synchronous_standby_names: '*',
  wal_keep_size: '1GB',
};

/** Not part of a base backup: what belongs to the running server alone. */
const LEFT_OUT = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'pg_wal',
  'pg_replslot',
  'pgsql_tmp',
]);

const TIMEOUT_MS = 20_000;

/** Copies a running primary into a new server that follows it, and waits until it is in step. */
export async function startStandby(
  primary: PostgresServer,
  port?: number,
): Promise<PostgresServer> {
  const standby = await PostgresServer.make(port);
  const sql = postgres(primary.address('postgres'), { max: 1, onnotice: () => undefined });
  try {
    await sql`SELECT pg_backup_start('standby', true)`;
    copyFolder(primary.data, standby.data);
    const [stopped] = await sql`SELECT labelfile FROM pg_backup_stop(false)`;
    writeFileSync(join(standby.data, 'backup_label'), stopped?.labelfile);
    for (const folder of ['pg_wal', 'pg_replslot']) mkdirSync(join(standby.data, folder));
    writeFileSync(join(standby.data, 'standby.signal'), '');
    standby.configure({
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres`,
      primary_slot_name: '',
    });
    own(standby.data);
    await standby.start();
    await until(async () => {
      const rows = await sql`SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`;
      return rows.length === 1;
    });
    return standby;
  } catch (error) {
    await standby[Symbol.asyncDispose]();
    throw error;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Makes the standby a primary, whose own commits then wait for a standby. */
export async function promote(standby: PostgresServer): Promise<void> {
  await standby.run(standby.address('postgres'), 'SELECT pg_promote(true, 60)');
}

/** Files may change and go away meanwhile: the log, which follows by itself, tells what they are. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else {
      try {
        copyFileSync(source, target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}

/** Gives everything to the user that runs PostgreSQL. */
function own(folder: string): void {
  const { uid, gid } = account();
  if (uid === undefined || gid === undefined) return;
  chownSync(folder, uid, gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(folder, name), uid, gid);
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + TIMEOUT_MS; !(await condition()); await pause(50)) {
    if (Date.now() > end) throw new Error('the standby did not get into step');
  }
}
