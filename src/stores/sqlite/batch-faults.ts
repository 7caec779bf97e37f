import type { Report } from '../report.ts';

/** Tells the log once when batches begin to fail, and once when one was committed again: as of a database that was lost and found. */
export class BatchFaults {
  readonly #path: string;
  readonly #report: Report;
  /** When the first of them failed, by performance.now(); null while none does. */
  #since: number | null = null;

  /** Of batches for the data file at `path`. */
  constructor(path: string, report: Report = () => undefined) {
    this.#path = path;
    this.#report = report;
  }

  /** Nothing of a batch was committed, and the next one may be. */
  failed(why: string): void {
    if (this.#since !== null) return;
    this.#since = performance.now();
    this.#report('database lost', { level: 'error', data: this.#path, why });
  }

  committed(): void {
    if (this.#since === null) return;
    const away = Math.round(performance.now() - this.#since);
    this.#since = null;
    this.#report('database found', { data: this.#path, away_ms: away });
  }
}
