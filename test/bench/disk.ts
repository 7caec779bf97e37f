/** The disk under the benchmark: what it is, what a synced write takes there, and one of our own with a journal. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';

const SYNCS = 300;
const PAGE = Buffer.alloc(4096, 1);

/** Room for the files of one server at a time. */
const JOURNALLED_BYTES = 6 * 2 ** 30;

/** File systems that keep a journal or a log of their own, always. */
const ALWAYS_JOURNALLED = new Set(['xfs', 'btrfs', 'zfs', 'jfs', 'f2fs', 'apfs', 'ntfs']);

export const IN_MEMORY = 'memory';

/** Synced writes of 4 KB a second, by one who waits for each. */
export interface SyncedWrites {
  /** Over bytes that are there: neither the length of the file nor where it lies changes. */
  readonly overwriting: number;
  /** Each makes the file longer, which the file system must keep as well. */
  readonly appending: number;
}

/** What `folder` is on, in words: `ext4 with a journal`. */
export function describeDisk(folder: string): string {
  const mount = mountOf(realpathSync(folder));
  if (mount === null) return 'an unknown file system';
  const { type, device } = mount;
  if (type === 'tmpfs') return IN_MEMORY;
  if (ALWAYS_JOURNALLED.has(type)) return `${type}, which keeps a journal`;
  if (!type.startsWith('ext')) return type;
  return `${type} ${hasJournal(device) ? 'with' : 'without'} a journal`;
}

/** The mount that a path is on: the longest that leads to it. Null where Linux does not tell. */
function mountOf(path: string): { readonly type: string; readonly device: string } | null {
  let mounts: string;
  try {
    mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return null;
  }
  let longest = '';
  let found: { readonly type: string; readonly device: string } | null = null;
  for (const line of mounts.split('\n')) {
    const [before, after] = line.split(' - ');
    const at = before?.split(' ')[4];
    const [type, device] = after?.split(' ') ?? [];
    if (at === undefined || type === undefined || device === undefined) continue;
    const leads = at === '/' || path === at || path.startsWith(at + sep);
    if (!leads || at.length < longest.length) continue;
    longest = at;
    found = { type, device };
  }
  return found;
}

/** The journals of ext3 and ext4 stand under the names of their devices. */
function hasJournal(device: string): boolean {
  try {
    const name = basename(realpathSync(device));
    return readdirSync('/proc/fs/jbd2').some((journal) => journal.startsWith(`${name}-`));
  } catch {
    return false;
  }
}

/** What the disk under `folder` allows one who waits for each write. */
export function measureSyncs(folder: string): SyncedWrites {
  const path = join(folder, `inv-bench-sync-${process.pid}`);
  const file = openSync(path, 'w');
  const rate = () => {
    const start = performance.now();
    for (let index = 0; index < SYNCS; index++) {
      writeSync(file, PAGE, 0, PAGE.length, index * PAGE.length);
      fdatasyncSync(file);
    }
    return SYNCS / ((performance.now() - start) / 1000);
  };
  try {
    const appending = rate();
    return { appending, overwriting: rate() };
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

/** An ext4 with a journal, in a loop file of its own: what most users have. Gone with the process that made it. */
export class JournalledDisk implements Disposable {
  readonly folder: string;
  readonly #home: string;
  readonly #onExit = () => this[Symbol.dispose]();

  private constructor(home: string, folder: string) {
    this.#home = home;
    this.folder = folder;
    process.on('exit', this.#onExit);
  }

  /** Why there is none here, or null. */
  static missing(): string | null {
    if (process.platform !== 'linux') return 'a loop file system needs Linux';
    if (process.getuid?.() !== 0) return 'to mount a loop file system needs root';
    return spawnSync('mkfs.ext4', ['-V']).status === 0 ? null : 'mkfs.ext4 is not installed';
  }

  /** Throws an error with what the system said when it cannot be laid out. */
  static make(bytes = JOURNALLED_BYTES): JournalledDisk {
    const home = mkdtempSync(join(tmpdir(), 'inv-journalled-'));
    const image = join(home, 'image');
    const folder = join(home, 'disk');
    try {
      writeFileSync(image, '');
      truncateSync(image, bytes);
      mkdirSync(folder);
      run('mkfs.ext4', '-q', '-F', image);
      run('mount', '-o', 'loop', image, folder);
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
    // A database server that runs as a user of its own must be able to enter.
    for (const path of [home, folder]) chmodSync(path, 0o755);
    return new JournalledDisk(home, folder);
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#onExit);
    if (statSync(this.#home, { throwIfNoEntry: false }) === undefined) return;
    spawnSync('umount', ['-l', this.folder]);
    rmSync(this.#home, { recursive: true, force: true });
  }
}

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr.trim()}`);
}
