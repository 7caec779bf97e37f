/** What PostgreSQL's errors mean for us: https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { StoreRefused } from '../../../inventory/store.ts';
import type { PostgresAddress } from './postgres-url.ts';

export const UNIQUE_VIOLATION = '23505';
/** Somebody held a lock for longer than we wait. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** The transaction is rolled back and may work the next time: serialization failure, deadlock. */
const RETRIED = new Set(['40001', '40P01']);

export function isRetried(code: string): boolean {
  return RETRIED.has(code);
}

/** Why the store cannot be opened, in a sentence that says what to do. Never with the password. */
export function refusalFor(error: unknown, { shown, database }: PostgresAddress): StoreRefused {
  if (error instanceof StoreRefused) return error;
  const { code = '', message } = error as { code?: string; message: string };
  const why = whyOf(code, message, database ?? 'inv');
  return new StoreRefused(`cannot use ${shown}: ${why}`, { cause: error });
}

function whyOf(code: string, message: string, database: string): string {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'nothing is listening there. Start PostgreSQL, or correct the host and port in --data';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no host of that name. Correct it in --data';
    case '28P01':
    case '28000':
      return `the login was refused (${message}). Correct the user and the password in --data, or set PGPASSWORD`;
    case '3D000':
      return `there is no such database. Make it with: createdb ${database}`;
    case '42501':
      return `this user may not do what is needed (${message}). Let it own the schema: CREATE SCHEMA inv AUTHORIZATION …`;
    case '42704':
      return `${message}. Correct what follows the question mark in --data`;
    case '53300':
      return 'it has no connection left. Raise max_connections, or stop a client';
    case '57P03':
      return `it is not ready (${message}). Try again in a moment`;
    default:
      return message || code;
  }
}
