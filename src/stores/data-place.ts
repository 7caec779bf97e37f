/** What names the place of the data: a file, or a PostgreSQL database. */
import { isPostgresAddress, showPostgresAddress } from './postgres/connection/postgres-url.ts';

/** A scheme, as `mysql:` or `file:`. One letter is a drive of Windows. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/** As people write it: with a blank or a quotation mark that came with it, or in capitals. */
const LIKE_POSTGRES = /^[\s'"]*postgres(ql)?:\/\//i;

/**
 * Returns why `place` names neither a file nor a PostgreSQL database, or null when it does. An address
 * of another kind would otherwise be taken for a path, and a new shop would begin there.
 */
export function wrongPlace(place: string): string | null {
  if (isPostgresAddress(place)) return null;
  if (LIKE_POSTGRES.test(place)) {
    return 'the address of a PostgreSQL database begins with postgres:// in small letters, and with nothing before it';
  }
  const [scheme] = SCHEME.exec(place) ?? [];
  if (scheme === undefined) return null;
  return (
    `data is kept in a file or in postgres://user@host/database, and ${scheme} is neither; ` +
    `if it begins the name of a file, write ./${scheme}…`
  );
}

/** Returns why `name` names no file but a PostgreSQL database, without its password; null when it may be a file. */
export function wrongFile(name: string): string | null {
  return LIKE_POSTGRES.test(name) ? `name a file; ${shown(name)} is a PostgreSQL database` : null;
}

function shown(address: string): string {
  try {
    return showPostgresAddress(address);
  } catch {
    return 'that';
  }
}
