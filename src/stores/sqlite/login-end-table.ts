/** The table of the operator's ends of logins. Only operators write it: it is read again when others have written. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type LoginEnd, LoginEnds } from '../../inventory/login-ends.ts';
import { bounded, boundedSum } from '../bounded-columns.ts';

export class SqliteLoginEnds {
  readonly #ends = new LoginEnds();
  readonly #select: StatementSync;
  #isStale = true;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(
      `SELECT user, ${bounded('number')} AS number FROM login_ends WHERE number > ? ORDER BY number`,
    );
  }

  read(): LoginEnds {
    if (this.#isStale) {
      this.#ends.add(this.#select.all(this.#ends.last) as unknown as LoginEnd[]);
      this.#isStale = false;
    }
    return this.#ends;
  }

  /** Others have written. */
  expire(): void {
    this.#isStale = true;
  }
}

/** Ends the logins of a user that live as long as their connections, inside the caller's transaction. */
export function writeLoginEnd(db: DatabaseSync, user: string): void {
  // The time, so that numbers go on growing also where a table was set back; a clock may be set back, too.
  db.prepare(
    `INSERT INTO login_ends (user, number)
      SELECT ?1, max(?2, ${boundedSum('coalesce(max(number), 0)', '1')}) FROM login_ends WHERE true
      ON CONFLICT (user) DO UPDATE SET number = excluded.number`,
  ).run(user, Date.now());
}
