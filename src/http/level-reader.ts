import {
  type ItemList,
  type Outcome,
  Refusal,
  type Request,
  type Session,
  type Stock,
} from '../inventory/model.ts';
import type { OutcomeUnknown, StoreUnavailable } from '../inventory/store.ts';
import { NamedError } from '../named-error.ts';
import type { GroupCommit } from '../server/group-commit.ts';
import type { Entry } from '../server/queue-entry.ts';

/** Levels cannot be read now. The message says why. */
export class LevelsUnreadable extends NamedError {}

/** For the rules somebody who is logged in; no row is of him. */
const READER: Session = { user: '', since: 0, tokenHash: null };

/** Work of reading all levels, in lines; see server/heavy-lane.ts. */
const WORK_OF_ALL = 1_000;

class Reading implements Entry {
  readonly asker = this;
  readonly request: Request;
  readonly #end: (outcome: Outcome | StoreUnavailable | OutcomeUnknown) => void;

  constructor(
    upcs: readonly number[],
    end: (outcome: Outcome | StoreUnavailable | OutcomeUnknown) => void,
  ) {
    this.request = { kind: 'inventory', session: READER, upcs };
    this.#end = end;
  }

  answer(outcome: Outcome): void {
    this.#end(outcome);
  }

  fail(failure: StoreUnavailable | OutcomeUnknown): void {
    this.#end(failure);
  }
}

/** Reads levels through the queue, as INVENTORY does. */
export class LevelReader {
  readonly #commit: GroupCommit;

  constructor(commit: GroupCommit) {
    this.#commit = commit;
  }

  /** All items on sale, by UPC. Rejects with LevelsUnreadable. */
  all(): Promise<ItemList> {
    return this.#read([]);
  }

  /** These items, in their order. Rejects with LevelsUnreadable, also when one of them is not on sale any more. */
  async some(upcs: readonly number[]): Promise<readonly Stock[]> {
    return upcs.length === 0 ? [] : (await this.#read(upcs)).slice();
  }

  #read(upcs: readonly number[]): Promise<ItemList> {
    return new Promise((resolve, reject) => {
      const entry = new Reading(upcs, (outcome) => {
        if (outcome instanceof Error || outcome instanceof Refusal) {
          reject(new LevelsUnreadable(outcome.message));
        } else if (outcome.kind === 'inventory') resolve(outcome.items);
      });
      this.#commit.addHeavy(entry, '', upcs.length || WORK_OF_ALL);
    });
  }
}
