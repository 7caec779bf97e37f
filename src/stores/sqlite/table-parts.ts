/** Reads whole tables of a data file, part by part. */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Parts } from '../../inventory/operator-data.ts';
import type { SqlValue, Where } from '../where.ts';

/** Rows of one part of a list. */
const PART = 1_000;

/** A table that is read in the order of its keys. */
export interface Table<Row> {
  readonly select: string;
  readonly keys: string;
  /** The values of the keys. */
  readonly keysOf: (row: Row) => readonly SqlValue[];
}

/**
 * The rows of a table, each part in a read of its own, which begins behind the last row of the part before:
 * outside a transaction, nobody waits for a slow reader.
 */
export function* parts<Row>(
  db: DatabaseSync,
  { select, keys, keysOf }: Table<Row>,
  where: Where,
): Generator<Row[]> {
  const prepare = ({ text }: Where) =>
    db.prepare(`${select} ${text} ORDER BY ${keys} LIMIT ${PART}`);
  // Two statements for all parts: SQLite keeps the memory of each until the garbage is collected.
  const next = prepare(where.and(`(${keys}) > (${keys.replace(/[^,]+/g, '?')})`));
  let rows = prepare(where).all(...where.values) as unknown as Row[];
  while (rows.length > 0) {
    yield rows;
    if (rows.length < PART) return;
    // Twice as quick as one row at a time.
    const last = keysOf(rows.at(-1) as Row);
    rows = next.all(...where.values, ...last) as unknown as Row[];
  }
}

/** Each part in a turn of the event loop of its own: else signals wait, and the garbage of all parts is kept. */
export async function* inTurns<Row>(all: Iterable<Row[]>): Parts<Row> {
  for (const part of all) {
    yield part;
    await nextTurn();
  }
}
