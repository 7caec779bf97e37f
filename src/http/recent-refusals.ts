import type { Refusal } from '../inventory/model.ts';

/** How many are remembered. */
const MOST = 20;

/** Those that say something of the sale; the others are about logins and questions. */
const NOT_OF_THE_SALE = new Set(['NOAUTH', 'NOSESSION', 'NOORDER']);

export interface RecentRefusal {
  /** When it was last said, in milliseconds since 1970 UTC. */
  readonly at: number;
  readonly code: string;
  readonly message: string;
  /** How often, one after the other. */
  readonly times: number;
}

/** What buyers were refused lately. Not who: whoever looks may be a buyer too. */
export class RecentRefusals {
  readonly #clock: () => number;
  /** The newest first. */
  readonly #list: { at: number; code: string; message: string; times: number }[] = [];

  /** `clock`: milliseconds since 1970 UTC. */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  get list(): readonly RecentRefusal[] {
    return this.#list;
  }

  readonly add = ({ code, message }: Refusal): void => {
    if (NOT_OF_THE_SALE.has(code)) return;
    const at = this.#clock();
    const [last] = this.#list;
    if (last?.code === code && last.message === message) {
      last.at = at;
      last.times++;
      return;
    }
    this.#list.unshift({ at, code, message, times: 1 });
    if (this.#list.length > MOST) this.#list.pop();
  };
}
