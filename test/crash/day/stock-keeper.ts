/** Restocks all day, up and down; some are sent again, some are cut off in the middle and run again. */
import type { Random } from '../support/random.ts';
import { ALL_ITEMS } from './catalog.ts';
import type { DayBook, RestockEntry } from './day-book.ts';
import type { Operator, Run, Said } from './operator.ts';

/** What is asked for when more is taken away than there can be. */
const TOO_MANY = -1_000_000_000;

export class StockKeeper {
  readonly #random: Random;
  readonly #book: DayBook;
  readonly #operator: Operator;

  constructor(random: Random, book: DayBook, operator: Operator) {
    this.#random = random;
    this.#book = book;
    this.#operator = operator;
  }

  async work(isOpen: () => boolean): Promise<void> {
    while (isOpen()) await this.#step();
  }

  async #step(): Promise<void> {
    const known = [...this.#book.restocks.values()];
    if (known.length > 0 && this.#random.chance(0.15)) return await this.#reuse(known);
    if (known.length > 0 && this.#random.chance(0.2)) {
      this.#book.counts.restocksReplayed++;
      return await this.#restock(this.#random.pick(known));
    }
    const entry = this.#newRestock();
    this.#book.restocks.set(entry.id, entry);
    if (this.#random.chance(0.25)) {
      this.#book.counts.restocksKilled++;
      const said = await this.#run(entry, { killAfterMs: this.#random.between(100, 500) });
      if (said.code !== null) return this.#heard(entry, said);
    }
    await this.#restock(entry);
  }

  #newRestock(): RestockEntry {
    const { upc } = this.#random.pick(ALL_ITEMS);
    const size = this.#random.between(1, 200);
    const units = this.#random.chance(0.1) ? TOO_MANY : this.#random.chance(0.3) ? -size : size;
    return { id: this.#random.orderId(), upc, units, reason: `round ${size}`, outcome: null };
  }

  async #restock(entry: RestockEntry): Promise<void> {
    this.#heard(entry, await this.#run(entry, {}));
  }

  #run({ id, upc, units, reason }: RestockEntry, run: Run): Promise<Said> {
    const args = ['--upc', `${upc}`, '--units', `${units}`, '--reason', reason, '--id', id];
    return this.#operator.onData(['restock', ...args], run);
  }

  #heard(entry: RestockEntry, { code, document, errors }: Said): void {
    const { id, upc, units } = entry;
    const before = entry.outcome;
    if (code === 3 && document?.error?.code === 'NOSTOCK' && units < 0 && before === null) {
      this.#book.counts.restocksRefused++;
      this.#book.restocks.delete(id);
      return;
    }
    if (code !== 0 || document.id !== id || document.upc !== upc || document.units !== units) {
      this.#book.violation(
        `restock ${id}: exit code ${code}, ${JSON.stringify(document)} ${errors}`,
      );
      return;
    }
    const { at, available, replayed } = document;
    if (before === null) {
      this.#book.counts.restocks++;
      entry.outcome = { at, available };
    } else if (!replayed || at !== before.at || available !== before.available) {
      this.#book.violation(
        `restock ${id}: first ${JSON.stringify(before)}, then ${JSON.stringify(document)}`,
      );
    }
  }

  /** Another restock under an id that has its outcome. */
  async #reuse(known: readonly RestockEntry[]): Promise<void> {
    const entry = this.#random.pick(known);
    const said = await this.#run({ ...entry, units: entry.units + 1_000 }, {});
    if (said.code === 3 && said.document?.error?.code === 'ORDERREUSED') return;
    this.#book.violation(
      `restock ${entry.id} with other units: exit code ${said.code}, ${JSON.stringify(said.document)}`,
    );
  }
}
