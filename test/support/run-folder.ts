/**
 * What a run of the tests makes once for all its files, in a folder of its own: vitest calls this before the first
 * file, and the function that it returns after the last. The files find the folder in INV_RUN_FOLDER.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export default async function makeRunFolder(): Promise<() => Promise<void> | undefined> {
  // Each project of vitest.config.ts calls this.
  if (process.env.INV_RUN_FOLDER !== undefined) return () => undefined;
  const folder = mkdtempSync(join(process.env.TMPDIR ?? memory() ?? tmpdir(), 'inv-run-'));
  // PostgreSQL runs as another user where the tests run as root.
  chmodSync(folder, 0o755);
  const guard = guardOf(folder);
  process.env.INV_RUN_FOLDER = folder;
  // What the tests make is in it too.
  process.env.TMPDIR = folder;
  // Each of the hundreds of processes of a run would compile the same source texts.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled');
  if (!process.env.INV_BIN) await bundleProgram(folder);
  return () => endedGuard(guard);
}

/** Lets the guard kill and remove what is left, and waits until it has. */
export async function endedGuard(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null) return;
  // Both were unreferenced, so that the guard never keeps its run from ending.
  guard.ref();
  const ended = once(guard, 'exit');
  guard.stdin?.end();
  await ended;
}

/**
 * Starts a process that waits for the end of this one, however it ends, and then removes what is left: the processes
 * that have `folder` in their environment, where the system tells (Linux), and the folder.
 */
export function guardOf(folder: string): ChildProcess {
  const guard = spawn('sh', ['-c', GUARD, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  return guard;
}

/** It kills three times, for those that others start meanwhile. */
const GUARD = `
  trap '' INT TERM HUP
  read -r _
  [ -d "$0" ] || exit 0
  for pass in 1 2 3; do
    for found in $(grep -lzsxF "INV_RUN_FOLDER=$0" /proc/[0-9]*/environ); do
      pid=\${found#/proc/}
      kill -KILL "\${pid%/environ}"
    done
  done
  rm -rf "$0"
`;

/**
 * A folder whose files are in memory, where there is one with room, and programs may run from it; else null. No test
 * can cut the power: what is proven of syncs is proven from their calls, so that a disk would only take time.
 */
function memory(): string | null {
  const folder = '/dev/shm';
  if (!existsSync(folder) || freemem() < ROOM_BYTES) return null;
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < ROOM_BYTES) return null;
  const probe = join(folder, `inv-probe-${process.pid}`);
  try {
    writeFileSync(probe, '', { mode: 0o700 });
    accessSync(probe, constants.X_OK);
    return folder;
  } catch {
    return null;
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Far more than the files of a run. */
const ROOM_BYTES = 6e9;

/** bin/run.js beside one file of all modules, as a package of npm has them: it starts in half the time. */
async function bundleProgram(folder: string): Promise<void> {
  const path = (name: string): string => join(folder, 'program', name);
  mkdirSync(path('bin'), { recursive: true });
  mkdirSync(path('dist'));
  try {
    copyFileSync(join(root, 'bin/run.js'), path('bin/run.js'));
    symlinkSync(join(root, 'package.json'), path('package.json'));
    symlinkSync(join(root, 'dist/cli'), path('dist/cli'));
    const { bundle } = await import(join(root, 'bin/package/bundle.js'));
    await bundle(root, path('dist/inv.cjs'));
    process.env.INV_BUNDLE = path('bin/run.js');
  } catch (error) {
    console.warn(`The tests run bin/run.js: no bundle of dist could be made. ${error}`);
  }
}
