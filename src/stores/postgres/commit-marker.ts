/**
 * The mark of a server: a row of its own, which holds the number of its last committed batch. Each
 * batch writes the mark first, and so locks it until its end. A new connection asks for the mark before
 * anything else: it waits until what the old connection left behind has ended, and then the number tells
 * whether the last batch was committed. Nothing of the old connection can come after that.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { execute } from './batch/statements.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';
import { SCHEMA_VERSION } from './migrations.ts';

/** Marks of servers that are gone for good. One that was only idle makes a new mark. */
const FORGET_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

export class CommitMarker {
  readonly #id = randomUUID();
  readonly #name = `${hostname()} ${process.pid}`;

  /**
   * Answers the number of the last batch that was committed; 0 before the first. Being a write, it
   * waits until everything that this connection can see is safe on the synchronous standby too.
   */
  async lastBatch(connection: DatabaseConnection): Promise<number> {
    const [row] = await query(
      connection,
      connection.sql`INSERT INTO inv.servers AS servers (id, name, batch, seen, format)
        VALUES (${this.#id}, ${this.#name}, 0, ${Date.now()}, ${SCHEMA_VERSION})
        ON CONFLICT (id) DO UPDATE SET seen = excluded.seen RETURNING servers.batch`,
    );
    return row?.batch as number;
  }

  /** The text of the statement that locks and writes the mark; it returns a row, unless there is no mark. */
  write(batch: number): string {
    return execute('write_mark', this.#id, batch, Date.now());
  }

  async remove(connection: DatabaseConnection): Promise<void> {
    const oldest = Date.now() - FORGET_AFTER_MS;
    await query(
      connection,
      connection.sql`DELETE FROM inv.servers WHERE id = ${this.#id} OR seen < ${oldest}`,
    );
  }
}
