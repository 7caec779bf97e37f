/**
 * One path for each data file: the lock, the log and the count of batches stand beside the file under
 * its name, so two names of one file would be two servers that know nothing of each other. Every check
 * throws StoreRefused, and has changed nothing.
 */
import { lstatSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { whyUnread } from '../../file-reasons.ts';
import { StoreRefused } from '../../inventory/store.ts';

/** What stands beside a data file and is a part of it while a server runs. */
const COMPANIONS = ['-wal', '-shm', '-acked', '-lock'];

/**
 * The path of the file that `name` stands for, with every link followed. There need be no file, but a
 * link must lead to one: what it leads to may be on a disk that is not mounted.
 */
export function realDataPath(name: string): string {
  const path = resolve(name);
  if (hasEntry(path)) return followed(path);
  const folder = nearestExisting(dirname(path));
  return join(followed(folder), path.slice(folder.length));
}

/**
 * What a program of ours, or SQLite, makes or removes beside a file of ours that has the name before it; an earlier inv
 * made `-new`. In capitals too: some file systems take them for the same name.
 */
const BESIDE = /-(wal|shm|journal|acked|lock|new|restored)$/i;

/**
 * The file of which `path` would be taken for a part, and be written over, moved or removed; null without one. That file need
 * not be there: it may come later.
 */
export function fileThatOwns(path: string): string | null {
  const file = path.replace(BESIDE, '');
  return file === path ? null : file;
}

/** Refuses a name for a data file that is one of a part of another data file. */
export function checkOwnName(path: string): void {
  const owner = fileThatOwns(path);
  if (owner === null) return;
  throw new StoreRefused(
    `${path} cannot be a data file: it would be taken for a part of ${owner}, and be moved away or removed. Choose another ` +
      'name; to go on with data that is there already, move it, with its -wal and -acked, to that name first',
  );
}

/** Refuses a file that another path leads to as well: by a second link, or by a mount of the file alone. */
export function checkOnlyPath(path: string): void {
  const mountPoints = readMountPoints();
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  for (const file of [path, ...COMPANIONS.map((suffix) => path + suffix)]) {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats === undefined || folder === undefined) continue;
    if (stats.isSymbolicLink()) {
      throw new StoreRefused(
        `${file} is a link to ${readlinkSync(file)}; what belongs to ${basename(path)} must stand beside it. ` +
          'Move the file itself there',
      );
    }
    // A folder is no data file, which is said later; it has many links, and may be mounted.
    if (stats.isDirectory()) continue;
    if (isMounted(file, stats, folder, mountPoints)) {
      throw new StoreRefused(
        `${file} is mounted by itself, so that what stands beside it is not the same wherever it is seen. ` +
          `Mount its folder instead, as with --volume FOLDER:${dirname(path)}`,
      );
    }
    if (stats.nlink > 1) {
      throw new StoreRefused(
        `${file} has ${stats.nlink} names (hard links), and a server under each would sell the same stock twice. ` +
          `Remove the other names (find / -xdev -inum ${stats.ino} shows them), or make a copy with cp and use that`,
      );
    }
  }
}

function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    if (link && code === 'ENOENT') {
      throw new StoreRefused(
        `${path} is a link to ${readlinkSync(path)}, where nothing is; nothing was made there. ` +
          'Mount the disk that it is on, or remove the link to start with a new data file',
      );
    }
    throw new StoreRefused(
      `cannot use ${path}: ${whyUnread(error)}. Choose another file with --data`,
    );
  }
}

/** The nearest folder on the way to `path` of which there is an entry, be it a link that leads nowhere. */
function nearestExisting(path: string): string {
  let folder = path;
  while (dirname(folder) !== folder && !hasEntry(folder)) folder = dirname(folder);
  return folder;
}

/** False too where a file stands in place of a folder, or one may not look: making the file says so. */
function hasEntry(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Without the list, by the device: with it, a file of an overlay may be on another device than its folder. */
function isMounted(
  path: string,
  file: Stats,
  folder: Stats,
  mountPoints: ReadonlySet<string> | null,
): boolean {
  return mountPoints === null ? file.dev !== folder.dev : mountPoints.has(path);
}

/** Where something is mounted, as this process sees it; null where the system has no such list. */
function readMountPoints(): ReadonlySet<string> | null {
  if (process.platform !== 'linux') return null;
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return new Set(lines.map((line) => unescapeOctal(line.split(' ')[4] ?? '')));
  } catch {
    return null;
  }
}

/** Linux writes blanks in this list as \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}
