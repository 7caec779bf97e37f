import type { Changes } from '../inventory/model.ts';
import type { StoreObserver } from '../inventory/store.ts';

/** All who want to know what a store commits. */
export class Observers implements StoreObserver {
  readonly #all: StoreObserver[] = [];

  add(observer: StoreObserver): void {
    this.#all.push(observer);
  }

  committed(changes: Changes): void {
    for (const observer of this.#all) observer.committed(changes);
  }

  changedOutside(): void {
    for (const observer of this.#all) observer.changedOutside();
  }
}
