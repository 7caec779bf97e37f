/** A data file has no triggers: one can change what is written, or drop an order that is then acknowledged. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import { TablesChanged } from './sqlite-failures.ts';

interface Trigger {
  readonly name: string;
  readonly table: string;
}

function selectTrigger(db: DatabaseSync): StatementSync {
  return db.prepare(
    `SELECT name, tbl_name AS "table" FROM sqlite_schema WHERE type = 'trigger' ORDER BY name LIMIT 1`,
  );
}

/** Throws StoreRefused when somebody has put a trigger into the data file `db` at `path`. */
export function refuseTriggers(db: DatabaseSync, path: string): void {
  const found = selectTrigger(db).get() as Trigger | undefined;
  if (found === undefined) return;
  const { name, table } = found;
  const drop = `DROP TRIGGER "${name.replaceAll('"', '""')}"`;
  throw new StoreRefused(
    `${path} has a trigger that is not of inv, "${name}" on its table "${table}": it could change or drop orders as they are ` +
      `written, so nothing is served from it. Remove it with any SQLite tool (${drop}), or choose another --data file`,
  );
}

/** Looks for triggers that come while the file is open. */
export class TriggerWatch {
  readonly #path: string;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync, path: string) {
    this.#path = path;
    this.#select = selectTrigger(db);
  }

  /** Call when another program has written. Throws TablesChanged. */
  check(): void {
    const found = this.#select.get() as Trigger | undefined;
    if (found === undefined) return;
    const { name, table } = found;
    throw new TablesChanged(
      this.#path,
      `the trigger "${name}" on "${table}" could change or drop orders as they are written`,
    );
  }
}
