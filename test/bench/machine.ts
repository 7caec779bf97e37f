/** What the figures were taken on: figures without it tell nothing. */
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';

const SYNCS = 300;
const TMPFS_MAGIC = 0x01021994;

export interface Machine {
  readonly description: string;
  /** The temporary folder is not on a disk: then nothing here is durable, and no figure is worth anything. */
  readonly inMemory: boolean;
  readonly date: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const versions = [
    `Node ${process.versions.node}`,
    version('redis-server', /v=(\S+)/, 'Redis'),
    version('pg_config', /PostgreSQL (\S+)/, 'PostgreSQL'),
  ];
  return {
    description: [
      `${cores.length} × ${cores[0]?.model.trim()}`,
      `${gigabytes} GB`,
      `${type()} ${release()}`,
      ...versions.filter((text) => text !== null),
    ].join(', '),
    inMemory: statfsSync(tmpdir()).type === TMPFS_MAGIC,
    date: new Date().toISOString().slice(0, 10),
  };
}

function version(program: string, pattern: RegExp, name: string): string | null {
  try {
    const found = pattern.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }));
    return found === null ? null : `${name} ${found[1]}`;
  } catch {
    return null;
  }
}

/** Writes of 4 KB, each synced, in a second: what the disk allows one who waits for each. */
export function syncsPerSecond(): number {
  const path = join(tmpdir(), `inv-bench-sync-${process.pid}`);
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const start = performance.now();
  for (let index = 0; index < SYNCS; index++) {
    writeSync(file, page);
    fdatasyncSync(file);
  }
  const seconds = (performance.now() - start) / 1000;
  closeSync(file);
  rmSync(path);
  return SYNCS / seconds;
}
