/** What PostgreSQL's errors mean for us: https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { StoreRefused } from '../../../inventory/store.ts';
import type { PostgresAddress } from './postgres-url.ts';

export const UNIQUE_VIOLATION = '23505';
/** Somebody held a lock for longer than we wait. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** No code of PostgreSQL: it declined to speak TLS. */
export const NO_TLS = 'NO_TLS';

/** The encoding of the database has no such character. */
export const UNTRANSLATABLE = '22P05';

/** The transaction is rolled back and may work the next time: serialization failure, deadlock. */
const RETRIED = new Set(['40001', '40P01']);

export function isRetried(code: string): boolean {
  return RETRIED.has(code);
}

/** Nobody listens or answers yet, no host of the name yet, no connection left, or it is still starting. */
const PASSING = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  LOCK_NOT_AVAILABLE,
  '53300',
  '57P01',
  '57P02',
  '57P03',
]);

/** Whether the same attempt may succeed later, with no setting changed. */
export function isPassing(code: string | undefined): boolean {
  return code !== undefined && PASSING.has(code);
}

/** What is said of an address: which database it names, and in which option it is corrected. */
type Named = Pick<PostgresAddress, 'database' | 'option'>;

/** Why a host cannot be used, in words that say what to do. Never with the password. */
export function reasonFor(error: unknown, address: Named): string {
  const { code = '', message } = error as { code?: string; message: string };
  return error instanceof StoreRefused ? message : whyOf(code, message, address);
}

export function sharedSession({ option = '--data' }: Named): string {
  return (
    'a pooler on the way (PgBouncer, it seems) shares sessions between its clients: transaction and ' +
    'statement pooling break prepared statements and locks. Set pool_mode = session for this ' +
    `database, or name PostgreSQL itself in ${option}`
  );
}

function whyOf(code: string, message: string, address: Named): string {
  const { database = 'inv', option = '--data' } = address;
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `nothing is listening there. Start PostgreSQL, or correct the host and port in ${option}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no host of that name. Correct it in ${option}`;
    case '28P01':
    case '28000':
      return `the login was refused (${message}). Correct the user and the password in ${option}, or set PGPASSWORD`;
    case '3D000':
      return `there is no such database. Make it with: createdb ${database}`;
    case '42501':
      return `this user may not do what is needed (${message}). Let it own the schema: CREATE SCHEMA inv AUTHORIZATION …`;
    case '42704':
      return `${message}. Correct what follows the question mark in ${option}`;
    case UNTRANSLATABLE:
      return (
        `it cannot store every text (${message}). Move the shop to a database with the encoding UTF8: ` +
        'inv serve backup, then inv serve copy'
      );
    case '53300':
      return `it takes no more connections (${message}). Raise that limit, or stop a client`;
    case NO_TLS:
      return `it offers no TLS, and sslmode asks for it. Set ssl = on there, or leave sslmode out of what follows the question mark in ${option}`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return (
        // What follows is for who starts Node.js.
        `its certificate is not trusted (${message.replace(/;.*/, '')}). ` +
        `Name the certificate of its authority: sslrootcert=FILE in ${option}`
      );
    case LOCK_NOT_AVAILABLE:
      return (
        `somebody else has locked what is needed (${message}): try again when that transaction has ended, or end it ` +
        "(SELECT pid, query FROM pg_stat_activity WHERE state = 'idle in transaction')"
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'CONNECT_TIMEOUT':
      return `it cannot be reached (${isRaw(message) ? 'no answer' : message})`;
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_ENDED':
    case 'CONNECTION_DESTROYED':
      return isRaw(message) ? 'the connection was closed' : message;
    case '26000':
    case '42P05':
      return sharedSession(address);
    case '57P03':
      return `it is not ready (${message}). Try again in a moment`;
    default:
      return /pooling mode/.test(message) ? sharedSession(address) : message || code;
  }
}

/** Whether the library has written it: `write CONNECTION_CLOSED host:5432`. */
function isRaw(message: string): boolean {
  return /^write CONN/.test(message);
}
