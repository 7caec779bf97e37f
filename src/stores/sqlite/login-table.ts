/** The table of logins. Those that are in use are kept in memory; the others are looked up when they are. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Login, Lookup } from '../../inventory/model.ts';
import { MAX_LOGINS_ENDED_AT_ONCE, MAX_LOGINS_OF_USER } from '../../inventory/user-limits.ts';
import { boundedSum, timeColumn } from '../bounded-columns.ts';

/** As many as there are connections, and some more. */
const MAX_KNOWN_LOGINS = 50_000;

export class SqliteLogins implements Lookup<string, Login> {
  #known = new Map<string, Login>();
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #selectOldest: StatementSync;
  readonly #count: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(`SELECT user, ${timeColumn('since')}, credential
      FROM logins WHERE token_hash = ?`);
    this.#insert =
      db.prepare(`INSERT INTO logins (token_hash, user, since, credential, number) VALUES
      (?1, ?2, ?3, ?4, (SELECT ${boundedSum('coalesce(max(number), 0)', '1')} FROM logins WHERE user = ?2))`);
    this.#delete = db.prepare('DELETE FROM logins WHERE token_hash = ?');
    this.#selectOldest = db.prepare(`SELECT token_hash AS tokenHash FROM logins WHERE user = ?
      ORDER BY number DESC, since DESC LIMIT ${MAX_LOGINS_ENDED_AT_ONCE} OFFSET ${MAX_LOGINS_OF_USER}`);
    this.#count = db.prepare('SELECT count(*) AS count FROM logins');
  }

  /** Reads the whole table: for the start. */
  count(): number {
    return (this.#count.get() as { count: number }).count;
  }

  get(tokenHash: string): Login | undefined {
    return this.#known.get(tokenHash) ?? this.#find(tokenHash);
  }

  /**
   * Writes logins that were made (a Login) and ended (null), inside the transaction of their batch.
   * Returns those that ended because their user has too many.
   */
  save(logins: ReadonlyMap<string, Login | null>): string[] {
    const users = new Set<string>();
    for (const [tokenHash, login] of logins) {
      if (login === null) {
        this.#delete.run(tokenHash);
      } else {
        this.#insert.run(tokenHash, login.user, login.since, login.credential);
        users.add(login.user);
      }
    }
    const ended: string[] = [];
    for (const user of users) {
      for (const { tokenHash } of this.#selectOldest.all(user) as { tokenHash: string }[]) {
        this.#delete.run(tokenHash);
        ended.push(tokenHash);
      }
    }
    return ended;
  }

  /** Takes note of logins that were committed. */
  keep(logins: ReadonlyMap<string, Login | null>): void {
    for (const [tokenHash, login] of logins) {
      if (login === null) this.#known.delete(tokenHash);
      else this.#add(login);
    }
  }

  /** Others have written: each login is looked up again when it is next needed. */
  expire(): void {
    this.#known = new Map();
  }

  #find(tokenHash: string): Login | undefined {
    const row = this.#select.get(tokenHash) as Omit<Login, 'tokenHash'> | undefined;
    if (row === undefined) return undefined;
    const { user, since, credential } = row;
    const login = { tokenHash, user, since, credential };
    this.#add(login);
    return login;
  }

  #add(login: Login): void {
    if (this.#known.size >= MAX_KNOWN_LOGINS) {
      this.#known.delete(this.#known.keys().next().value as string);
    }
    this.#known.set(login.tokenHash, login);
  }
}
