import type { Changes } from '../inventory/model.ts';
import type { StoreObserver } from '../inventory/store.ts';

/** Faults that are remembered, so that each is told once. */
const MAX_KNOWN_FAULTS = 1_000;

/** All who want to know what a store commits and finds. */
export class Observers implements StoreObserver {
  readonly #all: Partial<StoreObserver>[] = [];
  readonly #knownFaults = new Set<string>();

  add(observer: Partial<StoreObserver>): void {
    this.#all.push(observer);
  }

  committed(changes: Changes): void {
    for (const observer of this.#all) observer.committed?.(changes);
  }

  changedOutside(): void {
    this.#knownFaults.clear();
    for (const observer of this.#all) observer.changedOutside?.();
  }

  /** Tells of a fault once, until others have written: who asks again and again must not fill the log. */
  faultFound(fault: string): void {
    if (this.#knownFaults.has(fault) || this.#knownFaults.size >= MAX_KNOWN_FAULTS) return;
    this.#knownFaults.add(fault);
    for (const observer of this.#all) observer.faultFound?.(fault);
  }
}
