/**
 * Puts the replies of one connection in the order of its requests. Replies from the store come in that
 * order. A reply made without the store goes out at once when nothing is owed, however long the store
 * takes for others; else it waits for the replies before it.
 */
import type { Output } from './output.ts';

export class ReplyQueue {
  readonly #output: Output;
  /** Requests that the store was asked, and those of them that are answered. */
  #asked = 0;
  #answered = 0;
  /** Replies made without the store that wait, in order. None is here while the store owes nothing. */
  readonly #waiting: PendingReply[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** How many replies are owed. */
  get owed(): number {
    return this.#asked - this.#answered + this.#waiting.length;
  }

  /** Says that the store is asked: one call of `add` or `drop` will follow. */
  expect(): void {
    this.#asked++;
  }

  /** Adds the store's reply to the oldest request, whole or in parts, and the replies that waited for it. */
  add(bytes: string | Iterator<string>): void {
    this.#answered++;
    if (typeof bytes === 'string') this.#output.add(bytes);
    else this.#output.addLong(bytes);
    while (this.#waiting.length > 0 && this.#waiting[0]?.behind === this.#answered) {
      this.#output.add((this.#waiting.shift() as PendingReply).encode());
    }
  }

  /** Adds the beginning of the store's reply to the oldest request; it stays owed. */
  addPart(bytes: string): void {
    this.#output.add(bytes);
  }

  /** Counts the oldest request as answered, without a reply. */
  drop(): void {
    this.#answered++;
  }

  /** Adds a reply made without the store. `encode` is called when its turn has come. */
  addMade(encode: () => string): void {
    if (this.#asked === this.#answered) this.#output.add(encode());
    else this.#waiting.push(new PendingReply(this.#asked, encode));
  }
}

/** A reply made without the store, behind requests of its connection that the store was asked. */
class PendingReply {
  /** How many of those requests must be answered before it. */
  readonly behind: number;
  readonly encode: () => string;

  constructor(behind: number, encode: () => string) {
    this.behind = behind;
    this.encode = encode;
  }
}
