/** A backup of a shop: one data file with everything, as it was at one moment. */
import { existsSync, lstatSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, resolve } from 'node:path';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { whyUnwritten } from '../file-reasons.ts';
import { isPostgresAddress } from '../stores/postgres/connection/postgres-url.ts';
import type { CheckedCopy, OnCopyProgress } from '../stores/sqlite/data-file-copy.ts';
import { fileThatOwns } from '../stores/sqlite/one-path.ts';
import { auditCopy } from './copy-audit.ts';
import { orFailure, refused } from './data-address.ts';

export interface Backup {
  readonly path: string;
  readonly bytes: number;
  readonly items: number;
  readonly orders: number;
  readonly logins: number;
  /** When the copy was begun: it holds all that was acknowledged before. */
  readonly at: string;
}

/**
 * Writes the data at `address`, a file or a PostgreSQL database, into the new file `target`. The file appears under
 * that name when it is whole, checked and on the disk. Throws a CommandFailure: refused, when there is something
 * at `target`; fault, when the data cannot be read, or when the books of the shop do not balance: then the
 * copy is kept.
 */
export async function backUp(
  address: string,
  target: string,
  onProgress: OnCopyProgress,
): Promise<Backup> {
  const path = resolve(target);
  checkFree(path);
  const owner = fileThatOwns(path);
  if (owner !== null) {
    throw refused(`${path} would be taken for a part of ${owner}; give the backup another name`);
  }
  letOthersGoFirst();
  const { draft, content, at } = await orFailure(() => copy(address, path, onProgress));
  using _ = draft;
  const faults = await orFailure(() => auditCopy(draft.path, content.version, onProgress));
  checkFree(path);
  const bytes = draft.size;
  await orFailure(async () => draft.finish(path));
  const { items, orders, logins } = content;
  const backup = { path, bytes, items, orders, logins, at: new Date(at).toISOString() };
  if (faults.length > 0) {
    throw new CommandFailure(
      `${path} is a whole copy, but the books of the shop do not balance: ${faults.join('; ')}`,
      'UNBALANCED',
      ExitCode.fault,
      { details: { ...backup, faults } },
    );
  }
  return backup;
}

function checkFree(path: string): void {
  if (hasEntry(path)) {
    throw refused(`${path} is there already, and was left as it is; give the backup another name`);
  }
  if (!existsSync(dirname(path))) {
    throw refused(`there is no folder ${dirname(path)}; make it first, or check the path`);
  }
}

function hasEntry(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw refused(
      `cannot write ${path}: ${whyUnwritten(error)}. Choose a folder that is there and that you can write to`,
    );
  }
}

/** A server on this machine needs the processor more. Without the right to say so, the backup runs as it is. */
function letOthersGoFirst(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A restricted process.
  }
}

async function copy(
  address: string,
  path: string,
  onProgress: OnCopyProgress,
): Promise<CheckedCopy> {
  if (isPostgresAddress(address)) {
    const { copyDatabase } = await import('./database-backup.ts');
    return await copyDatabase(address, path, onProgress);
  }
  const { copyDataFile } = await import('../stores/sqlite/data-file-copy.ts');
  return await copyDataFile(address, path, onProgress);
}
