/** Statements whose work grows with the shop: they take what they take, and the log says so. */
import type { Report } from '../../report.ts';
import type { DatabaseConnection, Query, ResultRows } from './database-connection.ts';
import { query } from './session-setup.ts';

/** A day: a connection that is gone is noticed by TCP, and a server that starts can be stopped at any time. */
const LONG_TIMEOUT_MS = 24 * 3_600_000;

/** When it is said that something takes long. */
const TOLD_AFTER_MS = 5_000;

/** A statement that may take as long as there are rows. Throws PostgresError and DatabaseConnectionLost. */
export async function longQuery(
  connection: DatabaseConnection,
  statement: Query | string,
): Promise<ResultRows> {
  return await query(connection, statement, LONG_TIMEOUT_MS);
}

/** What `work` returns. The log says once that it takes long, and what it is that does. */
export async function toldWhenLong<Result>(
  report: Report,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const begun = performance.now();
  let isTold = false;
  const timer = setTimeout(() => {
    isTold = true;
    report('this takes long', { level: 'warn', what });
  }, TOLD_AFTER_MS);
  try {
    const result = await work();
    if (isTold) report('done', { what, ms: Math.round(performance.now() - begun) });
    return result;
  } finally {
    clearTimeout(timer);
  }
}
