/** The way back from a backup. */
import { isPostgresAddress } from '../stores/postgres/connection/postgres-url.ts';
import type { OnCopyProgress } from '../stores/sqlite/data-file-copy.ts';
import { SCHEMA_VERSION } from '../stores/sqlite/migrations.ts';
import { auditCopy } from './copy-audit.ts';
import { orFailure, refused } from './data-address.ts';

export interface Restore {
  readonly path: string;
  readonly backup: string;
  /** Where the data is that was there before, with what belongs to it under the same name; null without any. */
  readonly aside: string | null;
  readonly items: number;
  readonly orders: number;
  readonly logins: number;
  readonly shop: string;
  /** When the new history of the shop begins: clients compare it, and say that the shop went back. */
  readonly since: string;
}

export interface RestoreChoices {
  readonly onProgress: OnCopyProgress;
  /** Also a backup whose books do not balance. */
  readonly force: boolean;
}

/**
 * Puts `backup` in the place of the data file `address`. Throws a CommandFailure: refused, while a server uses
 * the data, and for a PostgreSQL database; fault, when the backup or the place for it is not as it must be.
 * Nothing was changed then.
 */
export async function restore(
  backup: string,
  address: string,
  { onProgress, force }: RestoreChoices,
): Promise<Restore> {
  if (isPostgresAddress(address)) {
    throw refused(
      'a backup is restored to a file; to bring it into an empty PostgreSQL database: ' +
        `inv serve copy --data ${backup} --to URL`,
    );
  }
  const { restoreDataFile } = await import('../stores/sqlite/restore-data-file.ts');
  const { path, aside, content, identity } = await orFailure(() =>
    restoreDataFile(backup, address, {
      onProgress,
      faultsIn: force ? null : (path) => auditCopy(path, SCHEMA_VERSION, onProgress),
    }),
  );
  const { items, orders, logins } = content;
  const { shop, since } = identity;
  return {
    ...{ path, backup, aside, items, orders, logins, shop },
    since: new Date(since).toISOString(),
  };
}
