/**
 * The mark of a server: a row of its own, which holds the number of its last committed batch. Each
 * batch writes the mark first, and so locks it until its end. A new connection asks for the mark before
 * anything else: it waits until what the old connection left behind has ended, and then the number
 * tells whether the last batch was committed. Nothing of the old connection can come after that.
 *
 * `format` is the version of the tables that the server knows; 0 fences a server off: it can commit
 * nothing before it has connected anew, and has looked at everything again.
 *
 * All times of marks are those of the database's clock: one server whose own clock is wrong must not take away the marks of
 * the others, nor have its own taken away.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { CLOCK } from './batch/hold-statements.ts';
import { execute } from './batch/statements.ts';
import type { DatabaseConnection, Query } from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';
import { type BatchMark, FORGET_AFTER_MS, forgetting, REFRESH_AFTER_MS } from './marks.ts';
import { SCHEMA_VERSION } from './migrations.ts';

export class CommitMarker {
  readonly id = randomUUID();
  readonly #name = `${hostname()} ${process.pid}`;
  #isOld = false;

  /**
   * Returns the number of the last batch that was committed. Being a write, it
   * waits until everything that this connection can see is safe on the synchronous standby too. A mark that is not there
   * is made at `acknowledged`, the last batch that this server knows to be committed; 0 before the first.
   */
  async lastBatch(connection: DatabaseConnection, acknowledged: number): Promise<number> {
    const insert = connection.sql.unsafe(
      `INSERT INTO inv.servers AS servers (id, name, batch, seen, format)
        VALUES ($1, $2, $3, ${CLOCK}, ${SCHEMA_VERSION})
        ON CONFLICT (id) DO UPDATE SET seen = greatest(servers.seen, excluded.seen), format = excluded.format
        RETURNING servers.batch`,
      [this.id, this.#name, acknowledged],
    );
    const [row] = await query(connection, insert as unknown as Query);
    return row?.batch as number;
  }

  /**
   * The statement that locks and writes the mark. It returns a row with the time that it wrote, unless the mark is not as
   * `last` left it. With `asksLoginEnds` the row has the number of the last end of logins.
   */
  write(batch: number, last: number, asksLoginEnds: boolean): string {
    const asks = asksLoginEnds ? 1 : 0;
    return execute('write_mark', this.id, batch, last, SCHEMA_VERSION, asks);
  }

  /** The statement that returns a row, as that of `write` does, and changes nothing. */
  check(last: number, asksLoginEnds = false): string {
    return execute('check_mark', this.id, last, SCHEMA_VERSION, asksLoginEnds ? 1 : 0);
  }

  /** The same, as a write: when it has succeeded, this is still the primary, and the standby has all of it. */
  confirm(last: number): string {
    return execute('confirm_mark', this.id, last, SCHEMA_VERSION);
  }

  /** Takes note of how old this server's mark was, in milliseconds. */
  noteAge(age: number): void {
    this.#isOld = age > REFRESH_AFTER_MS;
  }

  /** Whether the mark should be dated anew, by `confirm`. True once for each note. */
  takeIsOld(): boolean {
    const isOld = this.#isOld;
    this.#isOld = false;
    return isOld;
  }

  /** The mark at a batch that was written then. */
  at(batch: number, seen: number): BatchMark {
    return { id: this.id, name: this.#name, batch, seen };
  }

  /** Removes a mark that was never used, as far as the connection is still there. */
  async remove(connection: DatabaseConnection): Promise<void> {
    if (connection.isLost) return;
    const remove = connection.sql`DELETE FROM inv.servers WHERE id = ${this.id} AND batch = 0`;
    await query(connection, remove).catch(() => undefined);
  }

  /** Says that this server has stopped. Its mark stays when it has sold, and shows for a time what it sold. */
  async end(connection: DatabaseConnection): Promise<void> {
    const statements = [
      `UPDATE inv.servers SET ended = ${CLOCK} WHERE id = $1`,
      forgetting(
        `DELETE FROM inv.servers WHERE (id = $1 AND batch = 0) OR seen < ${CLOCK} - ${FORGET_AFTER_MS}`,
      ),
    ];
    for (const statement of statements) {
      await query(connection, connection.sql.unsafe(statement, [this.id]) as unknown as Query);
    }
  }
}
