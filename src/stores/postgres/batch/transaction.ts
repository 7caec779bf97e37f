/**
 * One batch over one connection. A batch that writes is a transaction in two round trips: lock and load
 * the rows; then, when the rules have decided, save and commit. One that only reads takes one round trip.
 *
 * Each message also looks at the mark of this server. A database that was exchanged for another one
 * under the open connection, or a server that was fenced off, is noticed before anything is told.
 */
import type { Page, Request, RequestResult, Settlement } from '../../../inventory/model.ts';
import { asksForOrder } from '../../../inventory/row-set.ts';
import { settle } from '../../../inventory/rules.ts';
import type { Observers } from '../../observers.ts';
import type { CommitMarker } from '../commit-marker.ts';
import type {
  DatabaseConnection,
  MessageResult,
  ResultRows,
} from '../connection/database-connection.ts';
import { type HistoryState, historyFrom, type KnownHistory, READ_HISTORY } from '../history.ts';
import type { Known } from './known.ts';
import { type Load, loadLines, loadStatements } from './load.ts';
import { Loaded } from './loaded.ts';
import { PageReads } from './page-reads.ts';
import { loginsEnded } from './save.ts';
import { BEGIN, BEGIN_READING, PATIENTLY } from './statements.ts';
import type { UserNames } from './user-names.ts';
import { type Wanted, wantedBy } from './wanted.ts';

/** Least time given to a COMMIT, even past the deadline: abandoning one leaves its outcome unknown. */
const COMMIT_TIMEOUT_MS = 1_000;

/** What all batches of a server share. */
export interface BatchContext {
  readonly mark: CommitMarker;
  readonly history: KnownHistory;
  readonly known: Known;
  readonly observers: Observers;
  readonly names: UserNames;
  /** Of the database. */
  readonly address: string;
}

export class BatchTransaction {
  readonly #connection: DatabaseConnection;
  readonly #context: BatchContext;
  /** When to give up, by performance.now(). */
  readonly #deadline: number;
  /** The history as this batch saw it; remembered when the batch is safe. */
  #state: HistoryState | null = null;

  constructor(connection: DatabaseConnection, context: BatchContext, deadline: number) {
    this.#connection = connection;
    this.#context = context;
    this.#deadline = deadline;
  }

  /**
   * Settles requests that change nothing, on one snapshot. Returns null when holds have ended that were live for all who
   * were told of them: that must be written down first.
   */
  async read(requests: readonly Request[]): Promise<readonly RequestResult[] | null> {
    const { known, mark } = this.#context;
    const wanted = wantedBy(requests, requests.some(asksForOrder), known);
    const loads = loadStatements(wanted, false, known);
    let rows = new Loaded(wanted, known);
    const { asksLoginEnds } = wanted;
    if (loads.length > 0 || asksLoginEnds) {
      const check = mark.check(this.#connection.lastBatch, asksLoginEnds);
      const texts = [check, ...loads.map(({ text }) => text)];
      const [first, confirmed] = await this.#send([
        [BEGIN_READING, ...texts, ...this.#historyWhenDue(), 'COMMIT'].join(';'),
        ...this.#confirmation(),
      ]);
      if (first?.error) {
        await this.rollBack();
        throw first.error;
      }
      // The first result is that of BEGIN.
      const [, checked, ...loaded] = first?.results ?? [];
      this.#mustBeOne(checked);
      this.#mustBeConfirmed(confirmed);
      this.#check(loaded[loads.length]);
      this.#learn();
      known.loginEnds.check(checked);
      rows = rowsOf(rows, loads, loaded);
      if (rows.mark !== null) return null;
    }
    return await this.readPages(settle(requests, rows).outcomes, rows.now);
  }

  /** Asks which items the orders have that may change; false when that is known already. */
  async learnLines(wanted: Wanted): Promise<boolean> {
    const load = loadLines(wanted, this.#context.known);
    if (load === null) return false;
    const [answer] = await this.#send([load.text]);
    if (answer?.error) throw answer.error;
    load.add(answer?.results[0] ?? [], new Loaded(wanted, this.#context.known));
    return true;
  }

  /** Begins to write: locks and loads the rows. A failure rolls it back. `isPatient`: waits longer for locks. */
  async begin(batch: number, wanted: Wanted, isPatient: boolean): Promise<Loaded> {
    const { known, mark } = this.#context;
    const loads = loadStatements(wanted, true, known);
    const texts = [
      BEGIN,
      ...(isPatient ? [PATIENTLY] : []),
      mark.write(batch, this.#connection.lastBatch, wanted.asksLoginEnds),
      ...loads.map(({ text }) => text),
      ...this.#historyWhenDue(),
    ];
    const [answer] = await this.#send([texts.join(';')]);
    try {
      if (answer?.error) throw answer.error;
      // The first result is that of the statements without rows.
      const [, marked, ...loaded] = answer?.results ?? [];
      this.#mustBeOne(marked);
      this.#check(loaded[loads.length]);
      known.loginEnds.check(marked);
      const rows = new Loaded(wanted, known);
      rows.markedAt = marked?.[0]?.seen as number;
      return rowsOf(rows, loads, loaded);
    } catch (error) {
      await this.rollBack();
      throw error;
    }
  }

  /**
   * Saves and commits what the rules have decided, by the statements of saveStatements, and reads the pages. Calls
   * `committed` when that is certain, with the token hashes of the logins that ended because their users have too many.
   * What is thrown before was not committed, unless the connection is lost.
   */
  async end(
    batch: number,
    outcomes: Settlement['outcomes'],
    saves: readonly string[],
    rows: Loaded,
    committed: (loginsEnded: readonly string[]) => void,
  ): Promise<readonly RequestResult[]> {
    const writes = saves.length > 0;
    const command = writes ? 'COMMIT' : 'ROLLBACK';
    const pages = new PageReads(outcomes, rows.now);
    const hasPages = pages.texts.length > 0;
    // A commit that is confirmed by the standby has shown already that this is the primary.
    const isShown = writes && !hasPages;
    const last = writes ? batch : this.#connection.lastBatch;
    const messages = [
      [...saves, command].join(';'),
      ...(hasPages ? [pages.texts.join(';')] : []),
      ...(isShown ? [] : this.#confirmation(last)),
    ];
    const patience = Math.max(left(this.#deadline), COMMIT_TIMEOUT_MS);
    const [saved, ...others] = await this.#connection.pipeline(messages, patience);
    if (saved?.error) {
      // What comes after an error in a message is not carried out: no COMMIT.
      await this.rollBack();
      throw saved.error;
    }
    if (saved?.command !== command) {
      throw this.#connection.abort(`${command} was answered ${saved?.command}`);
    }
    if (writes) {
      this.#connection.lastBatch = batch;
      committed(loginsEnded(saved.results));
    }
    const read = hasPages ? others.shift() : undefined;
    if (read?.error) throw read.error;
    this.#mustBeConfirmed(others[0]);
    this.#learn();
    return pages.withPages(read?.results ?? [], this.#context.known);
  }

  /** Reads the pages among the outcomes, at the time of their batch. */
  async readPages(
    outcomes: readonly (RequestResult | Page)[],
    now: number,
  ): Promise<readonly RequestResult[]> {
    const pages = new PageReads(outcomes, now);
    if (pages.texts.length === 0) return outcomes as readonly RequestResult[];
    return pages.withPages(await this.readOnly(pages.texts), this.#context.known);
  }

  /** The rows of statements that change nothing, outside of a batch. */
  async readOnly(texts: readonly string[]): Promise<readonly ResultRows[]> {
    const check = this.#context.mark.check(this.#connection.lastBatch);
    const [answer, confirmed] = await this.#send([
      [check, ...texts].join(';'),
      ...this.#confirmation(),
    ]);
    if (answer?.error) throw answer.error;
    const [checked, ...results] = answer?.results ?? [];
    this.#mustBeOne(checked);
    this.#mustBeConfirmed(confirmed);
    return results;
  }

  /** Looks whether the marks of all servers are what they should be. */
  async look(): Promise<void> {
    const [answer, confirmed] = await this.#send([READ_HISTORY, ...this.#confirmation()]);
    if (answer?.error) throw answer.error;
    this.#check(answer?.results[0]);
    this.#mustBeConfirmed(confirmed);
    this.#learn();
  }

  #send(messages: readonly string[]): Promise<MessageResult[]> {
    return this.#connection.pipeline(messages, left(this.#deadline));
  }

  /** Ends the transaction without a change, as far as the connection is there. */
  async rollBack(): Promise<void> {
    if (!this.#connection.isLost) await this.#send(['ROLLBACK']);
  }

  #historyWhenDue(): string[] {
    return this.#context.history.isDue ? [READ_HISTORY] : [];
  }

  /** Takes the rows of READ_HISTORY, when it was sent. */
  #check(rows: ResultRows | undefined): void {
    if (rows?.[0] === undefined || !('standbys' in rows[0])) return;
    const state = historyFrom(rows);
    // A new connection looks again, and says what is wrong.
    const loss = this.#context.history.lossIn(state);
    if (loss !== null) throw this.#connection.abort(`acknowledged batches are missing: ${loss}`);
    this.#state = state;
  }

  /** A batch that is taken back has read a mark of its own that never was. */
  #learn(): void {
    const { history, mark } = this.#context;
    if (this.#state !== null) {
      const marks = new Map(this.#state.marks);
      const own = marks.get(mark.id);
      if (own !== undefined) {
        marks.set(mark.id, { ...own, batch: this.#connection.lastBatch });
        mark.noteAge(this.#state.now - own.seen);
      }
      history.learn({ ...this.#state, marks });
    }
    this.#state = null;
  }

  /**
   * Where a commit waits for a standby, what was read is told only after a commit: a primary that was
   * overtaken while it stood still can read, but it finds no standby any more. A mark that is old is dated anew by the same.
   */
  #confirmation(last = this.#connection.lastBatch): string[] {
    const { history, mark } = this.#context;
    return history.hasStandbys || mark.takeIsOld() ? [mark.confirm(last)] : [];
  }

  #mustBeConfirmed(answer: MessageResult | undefined): void {
    if (answer === undefined) return;
    if (answer.error) throw answer.error;
    this.#mustBeOne(answer.results[0]);
  }

  #mustBeOne(rows: ResultRows | undefined): void {
    if (rows?.length !== 1) throw this.#connection.abort('the mark of this server was changed');
  }
}

/** `rows` with what was loaded. Throws StaleKnowledge. */
function rowsOf(rows: Loaded, loads: readonly Load[], results: readonly ResultRows[]): Loaded {
  loads.forEach((load, index) => {
    load.add(results[index] ?? [], rows);
  });
  return rows;
}

/** Milliseconds until then; at least one, so that what is late fails as what is slow. */
export function left(deadline: number): number {
  return Math.max(Math.ceil(deadline - performance.now()), 1);
}
