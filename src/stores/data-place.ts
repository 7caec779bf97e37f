/** What names the place of the data: a file, or a PostgreSQL database. */
import { isPostgresAddress } from './postgres/connection/postgres-url.ts';

/** A scheme, as `mysql:` or `file:`. One letter is a drive of Windows. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/**
 * Returns why `place` names neither a file nor a PostgreSQL database, or null when it does. An address
 * of another kind would otherwise be taken for a path, and a new shop would begin there.
 */
export function wrongPlace(place: string): string | null {
  const [scheme] = SCHEME.exec(place) ?? [];
  if (scheme === undefined || isPostgresAddress(place)) return null;
  return (
    `data is kept in a file or in postgres://user@host/database, and ${scheme} is neither; ` +
    `if it begins the name of a file, write ./${scheme}…`
  );
}
