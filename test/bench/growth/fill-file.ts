/** How many rows come into a data file that a server has made, without its safety. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Rows of one INSERT. */
export const ROWS_AT_ONCE = 100;

/** Runs `work` in one transaction on the data file, which no server has open. */
export function fillFile<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
  const result = work(db);
  db.exec('COMMIT; PRAGMA journal_mode = WAL');
  db.close();
  // Else the system would write it down during the measurements.
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
  return result;
}

/** A UUIDv7: those of one millisecond are told apart by their count. */
export function orderId(time: number, count: number): string {
  const digits = time.toString(16).padStart(12, '0');
  const counter = (count % 4096).toString(16).padStart(3, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7${counter}${randomUUID().slice(18)}`;
}
