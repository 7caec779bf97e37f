/**
 * Notices a database that was set back: by a standby that had not followed, a snapshot, an older dump.
 *
 * Every server has a mark in the database, which holds the number of its last committed batch. Each
 * server remembers the marks that it has seen, its own and those of the others, and they only rise. A
 * database whose marks are lower has lost batches that were acknowledged. The server that notices
 * writes this into the database (`shop.lost`), so that no server sells from it, until an operator
 * accepts the loss: then the history begins anew (`shop.since`), and what was remembered is void.
 */
import { type ShopIdentity, StoreRefused } from '../../inventory/store.ts';
import type { AcknowledgedBatch, AcknowledgedFiles } from './acknowledged-files.ts';
import { execute } from './batch/statements.ts';
import type { ResultRows } from './connection/database-connection.ts';
import type { BatchMark } from './marks.ts';

/** How often a server looks at the marks of the others. */
export const LOOK_EVERY_MS = 1_000;

/** What the database says of its own history. */
export interface HistoryState {
  readonly identity: ShopIdentity;
  /** What a server found missing, as a sentence. */
  readonly lost: string | null;
  /** Whether a commit waits for a standby. */
  readonly hasStandbys: boolean;
  /** The time of the database, by which the marks are dated. */
  readonly now: number;
  /** The time of the shop, by which holds end. */
  readonly time: number;
  /** When this was read, by performance.now(). */
  readonly readAt: number;
  /** Up to when marks may have been deleted. */
  readonly forgottenTo: number;
  readonly marks: ReadonlyMap<string, BatchMark>;
}

/** The database knows less than was acknowledged. Nothing may be sold from it. */
export class HistoryLost extends StoreRefused {}

/** The statement that reads the history. */
export const READ_HISTORY = execute('history');

/** Takes the rows of READ_HISTORY. Throws StoreRefused when the shop has no identity. */
export function historyFrom(rows: ResultRows): HistoryState {
  const [first] = rows;
  if (first === undefined) {
    throw new StoreRefused(
      'the table inv.shop is empty: it holds the identity of the shop. ' +
        'Put its row back from a backup, and start again',
    );
  }
  const marks = new Map<string, BatchMark>();
  for (const row of rows) {
    if (row.id !== null) marks.set(row.id as string, row as unknown as BatchMark);
  }
  return {
    identity: { shop: first.shop as string, since: first.since as number },
    lost: first.lost as string | null,
    hasStandbys: ((first.standbys as string | null) ?? '') !== '',
    now: first.now as number,
    time: first.time as number,
    readAt: performance.now(),
    forgottenTo: first.forgotten_to as number,
    marks,
  };
}

/** What this server knows to be committed. */
export class KnownHistory {
  readonly #files: AcknowledgedFiles | null;
  readonly #marks = new Map<string, BatchMark>();
  #identity: ShopIdentity | null = null;
  /** This server's own mark: the last batch that it acknowledged. */
  #own: BatchMark | null = null;
  #hasStandbys = true;
  /** By performance.now(), as every time from which a wait is counted: clocks are set. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #time: Pick<HistoryState, 'time' | 'readAt'> = { time: 0, readAt: 0 };

  /** `files` keeps what this server acknowledged beyond its end; null: nothing does. */
  constructor(files: AcknowledgedFiles | null) {
    this.#files = files;
  }

  /** Throws when no database was found good yet. */
  get identity(): ShopIdentity {
    if (this.#identity === null) throw new Error('the shop is not known yet');
    return this.#identity;
  }

  /** Whether this is the shop that is known, or none is known yet. */
  isOf({ shop }: ShopIdentity): boolean {
    return this.#identity === null || this.#identity.shop === shop;
  }

  /** Whether a commit waits for a standby, as far as is known. */
  get hasStandbys(): boolean {
    return this.#hasStandbys;
  }

  /** The time of the shop: what the database told last, and what has gone by since. */
  get now(): number {
    const { time, readAt } = this.#time;
    return time + Math.floor(performance.now() - readAt);
  }

  /** Whether it is time to look at the marks of the others again. */
  get isDue(): boolean {
    return performance.now() - this.#lookedAt >= LOOK_EVERY_MS;
  }

  /** What servers of this machine have acknowledged. Must be read before the state that it is compared with. */
  acknowledgedHere(): AcknowledgedBatch[] {
    return this.#files?.read() ?? [];
  }

  /**
   * Returns what the database has lost, as a sentence, or null. An operator's acceptance of an earlier
   * loss makes everything void that was remembered before it.
   */
  lossIn(
    { identity, lost, forgottenTo, marks }: HistoryState,
    acknowledged: readonly AcknowledgedBatch[] = [],
  ): string | null {
    const known = this.#identity;
    if (known !== null && identity.shop !== known.shop) {
      return `it is the database of another shop (${identity.shop}, and not ${known.shop})`;
    }
    if (known !== null && identity.since < known.since) {
      return `it was set back to before ${new Date(known.since).toISOString()}`;
    }
    if (lost !== null) return lost;
    const remembered = known?.since === identity.since ? [...this.#marks.values()] : [];
    for (const { history, mark } of acknowledged) {
      if (history.shop === identity.shop && history.since === identity.since) remembered.push(mark);
    }
    const missing: string[] = [];
    for (const { id, name, batch, seen } of remembered) {
      const found = marks.get(id)?.batch;
      // It was deleted. A database that was set back to before the mark does not know that any are.
      if (found === undefined && seen <= forgottenTo) continue;
      if ((found ?? 0) >= batch) continue;
      missing.push(
        `server ${name} acknowledged its batch ${batch} at ${new Date(seen).toISOString()}, ` +
          `and the database knows ${found === undefined ? 'none of them' : `only ${found}`}`,
      );
    }
    return missing.length === 0 ? null : [...new Set(missing)].join('; ');
  }

  /** The last batch that this server acknowledged of this history; 0 before the first. */
  acknowledgedIn({ since }: ShopIdentity): number {
    return this.#identity?.since === since ? (this.#own?.batch ?? 0) : 0;
  }

  /** Forgets, of what other servers of this machine acknowledged of this shop, what nobody has a mark of any more, and will not miss. */
  forgetOld(
    { identity, forgottenTo, marks }: HistoryState,
    acknowledged: readonly AcknowledgedBatch[],
  ): void {
    for (const { history, mark } of acknowledged) {
      if (history.shop !== identity.shop || marks.has(mark.id)) continue;
      if (mark.id === this.#own?.id || mark.seen > forgottenTo) continue;
      this.#files?.remove(history.shop, mark.id);
    }
  }

  /** Remembers a state without a loss. Everything in it must be safe: committed, and on the standby. */
  learn({ identity, hasStandbys, marks, time, readAt }: HistoryState): void {
    this.#time = { time, readAt };
    if (this.#identity?.since !== identity.since) {
      this.#marks.clear();
      this.#own = null;
    }
    this.#identity = identity;
    this.#hasStandbys = hasStandbys;
    this.#lookedAt = performance.now();
    for (const [id, mark] of marks) {
      if (mark.batch > (this.#marks.get(id)?.batch ?? 0)) this.#marks.set(id, mark);
    }
    for (const id of this.#marks.keys()) {
      if (!marks.has(id) && id !== this.#own?.id) this.#marks.delete(id);
    }
  }

  /** Remembers a batch of this server, before its replies leave. */
  acknowledge(mark: BatchMark): void {
    this.#own = mark;
    this.#marks.set(mark.id, mark);
    this.#files?.write(this.identity, mark);
  }

  close(): void {
    this.#files?.close();
  }
}

/** What an operator reads when a database is not sold from. */
export function historyLost(loss: string): HistoryLost {
  return new HistoryLost(
    `the database lost what was acknowledged: ${loss}. It was set back to an earlier state (an old ` +
      'standby took over, or a backup was restored), so nothing is sold from it. Bring back the ' +
      'database that has everything; or accept the loss, with: inv serve accept-loss --data URL',
  );
}
