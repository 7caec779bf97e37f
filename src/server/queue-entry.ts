/** What stands in the queue of requests, and where it comes from. */
import type { Outcome, Request } from '../inventory/model.ts';
import type { OutcomeUnknown, StoreUnavailable } from '../inventory/store.ts';

/** A request in the queue. `answer` or `fail` is called, once, unless its asker is gone. */
export interface Entry {
  /** Who asks, for comparison: requests of one are never overtaken by later ones of the same. */
  readonly asker: object;
  /** It becomes another when it turns out to take much work. */
  request: Request;
  answer(outcome: Outcome): void;
  /** Told when it takes much work and waits longer, with all that its asker has asked behind it. */
  wasPutOff?(): void;
  /** Takes why there is no outcome. */
  fail(failure: StoreUnavailable | OutcomeUnknown): void;
}

/** Where entries come from: a connection. */
export interface Source {
  /** Writes the replies that a batch has brought. */
  writeReplies(): void;
  /** Goes on adding entries. */
  advance(): void;
  /** Ends it: no reply that it has not written leaves. */
  destroy(): void;
}
