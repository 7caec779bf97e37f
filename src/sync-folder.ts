/** Names of files that outlast a power cut. */
import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { NamedError } from './named-error.ts';

/** The file has its new name, but the disk did not confirm it. The cause is the system's error. */
export class NameNotConfirmed extends NamedError {}

/** Makes the entries of `folder` last through a power cut. Windows has no way to, and does it itself. */
export function syncFolder(folder: string): void {
  const file = openFolder(folder);
  if (file === null) return;
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The folder may not be read, and what may not be read cannot be synced. The message is the reason. */
export class FolderNotReadable extends NamedError {}

/**
 * Gives a file a new name, in the place of what has it, and syncs that. Throws FolderNotReadable or the system's error
 * when nothing was renamed, and NameNotConfirmed.
 */
export function renameSynced(from: string, to: string): void {
  const folder = openFolder(dirname(to));
  try {
    renameSync(from, to);
    if (folder !== null) fsyncSync(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall !== 'fsync') throw cause;
    throw new NameNotConfirmed(`${to} has been written, but the disk did not confirm it`, {
      cause,
    });
  } finally {
    if (folder !== null) closeSync(folder);
  }
}

/** Null on Windows. */
function openFolder(folder: string): number | null {
  if (process.platform === 'win32') return null;
  try {
    return openSync(folder, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw cause;
    throw new FolderNotReadable(`this user may not read the folder ${folder}`, { cause });
  }
}
