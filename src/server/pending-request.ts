/** A request of a connection in the queue. A class, not a literal with closures: a purchase takes 0.05 us less. */
import type { Outcome, Request } from '../inventory/model.ts';
import type { OutcomeUnknown, StoreUnavailable } from '../inventory/store.ts';
import type { Command } from '../verbs/verb.ts';
import type { Entry } from './queue-entry.ts';

/** The connection that is to be answered. */
interface Asker {
  answer(command: Command, outcome: Outcome): void;
  fail(failure: StoreUnavailable | OutcomeUnknown): void;
  flushAfterBatch(): void;
}

export class PendingRequest implements Entry {
  readonly asker: Asker;
  readonly command: Command;
  request: Request;

  constructor(asker: Asker, command: Command, request: Request) {
    this.asker = asker;
    this.command = command;
    this.request = request;
  }

  answer(outcome: Outcome): void {
    this.asker.answer(this.command, outcome);
  }

  /** The connection goes on after the batch: then it tells anew what it keeps. */
  wasPutOff(): void {
    this.asker.flushAfterBatch();
  }

  fail(failure: StoreUnavailable | OutcomeUnknown): void {
    this.asker.fail(failure);
  }
}
