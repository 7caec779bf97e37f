/** A sale that goes on while something else happens to the store. */
import type { Request } from '../../src/inventory/model.ts';
import type { Store } from '../../src/inventory/store.ts';
import { Holder } from './holder.ts';

/** More customers than a store writes in one go. */
const USERS = 600;

/** Sells, holds, confirms, releases and takes back, a few of each by every call. */
export class Sale {
  readonly #users = Array.from(
    { length: USERS },
    (_, index) => new Holder({ user: `user${index}`, since: 1, tokenHash: null }),
  );
  readonly #store: Store;
  #number: number;

  /** `first`: the number of the first order; the ids of each are its own. */
  constructor(store: Store, first = 0) {
    this.#store = store;
    this.#number = first;
  }

  async some(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const number = this.#number++;
      const user = this.#users[number % this.#users.length] as Holder;
      const before = number - this.#users.length;
      const requests: Request[] = [
        user.buy('1x2 2x1', `b${number}`),
        user.hold('1x3', `h${number}`, 600, 1e6),
        [
          user.confirm(`h${before}`),
          user.release(`h${before}`),
          user.extend(`h${before}`, 700),
          user.giveBack(`b${before}`, '1x1', `r${number}`),
        ][number % 4] as Request,
      ];
      await this.#store.settle(requests);
    }
  }
}
