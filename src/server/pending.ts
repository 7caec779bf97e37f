/** What a connection owes its client. Classes, not object literals with closures: a purchase takes 0.05 us less. */
import type { Outcome, Request } from '../inventory/model.ts';
import type { OutcomeUnknown, StoreUnavailable } from '../inventory/store.ts';
import type { Reply } from '../protocol/encoder.ts';
import type { Command } from '../verbs/verb.ts';
import type { Entry } from './group-commit.ts';

interface Answerable {
  answer(command: Command, outcome: Outcome): void;
  fail(failure: StoreUnavailable | OutcomeUnknown): void;
}

/** A request in the queue. */
export class PendingRequest implements Entry {
  readonly connection: Answerable;
  readonly command: Command;
  readonly request: Request;

  constructor(connection: Answerable, command: Command, request: Request) {
    this.connection = connection;
    this.command = command;
    this.request = request;
  }

  answer(outcome: Outcome): void {
    this.connection.answer(this.command, outcome);
  }

  fail(failure: StoreUnavailable | OutcomeUnknown): void {
    this.connection.fail(failure);
  }
}

/** A reply that asks no store, behind requests of its connection that do. */
export class PendingReply {
  /** How many requests of the connection must be answered before it. */
  readonly behind: number;
  readonly make: () => Reply;

  constructor(behind: number, make: () => Reply) {
    this.behind = behind;
    this.make = make;
  }
}
