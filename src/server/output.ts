/**
 * Output buffer of one connection: joins replies into one write, sends long ones in parts so that
 * nobody else waits for them, and applies backpressure when the client does not read.
 */
import type { Socket } from 'node:net';
import {
  UNREAD_OUTPUT_PAUSE_BYTES,
  UNREAD_OUTPUT_PAUSE_BYTES_BEFORE_LOGIN,
  UNREAD_OUTPUT_TIMEOUT_MS,
} from '../protocol/limits.ts';
import type { Turns } from './turns.ts';

export class Output {
  readonly #socket: Socket;
  readonly #turns: Turns;
  readonly #onClear: () => void;
  readonly #onKept: () => void;
  /** Replies that are not written yet. */
  #text = '';
  /** The rest of a long reply, after #text. */
  #parts: Iterator<string> | null = null;
  /** Whether the client may have as many unread bytes as who is logged in. */
  mayKeepMore = false;
  /** The client has not read what was written. */
  #unread = false;
  /** Bytes of messages that the operating system has not taken. */
  #pushed = 0;
  /** Calls of `push` whose end Node has not told. */
  #pushes = 0;
  #whenPushed: (() => void) | null = null;

  /**
   * `onClear` is called when `isClear` has become true again, some time after a `flush`; `onKept` when
   * the client has more to read than it may have, and when messages are kept for it or no more.
   */
  constructor(socket: Socket, turns: Turns, onClear: () => void, onKept: () => void) {
    this.#socket = socket;
    this.#turns = turns;
    this.#onClear = onClear;
    this.#onKept = onKept;
    socket.on('drain', () => this.#allRead());
  }

  /** Characters of replies that are not written yet. */
  get size(): number {
    return this.#text.length;
  }

  /** Bytes of messages that the operating system has not taken. */
  get pushed(): number {
    return this.#pushed;
  }

  /**
   * Bytes of replies that are kept for the client to read. Messages are not counted: there is never more than
   * one of each channel, and its bytes are shared by all who are sent it.
   */
  get keptBytes(): number {
    return this.#text.length + this.unwritten;
  }

  /** Bytes of replies that the operating system has not taken. */
  get unwritten(): number {
    return this.#socket.writableLength - this.#pushed;
  }

  /** Whether the client has read everything, and a message would stand in the middle of no reply. */
  get mayPush(): boolean {
    return (
      this.#text === '' &&
      this.#parts === null &&
      this.#socket.writableLength === 0 &&
      this.#socket.writable
    );
  }

  /** Writes messages that are replies to nothing. To be called only while `mayPush`. */
  push(messages: readonly Buffer[]): void {
    this.#whenPushed ??= () => {
      // Node calls it some time after the write: others may have been pushed meanwhile.
      if (--this.#pushes > 0 || this.#pushed === 0) return;
      this.#pushed = 0;
      this.#onKept();
    };
    this.#pushes++;
    const last = messages.length - 1;
    if (last > 0) this.#socket.cork();
    for (let index = 0; index < last; index++) this.#socket.write(messages[index] as Buffer);
    this.#socket.write(messages[last] as Buffer, this.#whenPushed);
    if (last > 0) this.#socket.uncork();
    this.#pushed = this.#socket.writableLength;
    if (this.#pushed > 0) this.#onKept();
  }

  /** Whether more replies may be made: no long one is under way, and the client reads. */
  get isClear(): boolean {
    return !this.#unread && this.#parts === null;
  }

  /** Whether everything was handed to the operating system, or will be without our doing. */
  get isWritten(): boolean {
    return this.#text === '' && this.#parts === null;
  }

  /** Whether the client has yet to read what was written: nothing should be read from it meanwhile. */
  get isUnread(): boolean {
    return this.#unread;
  }

  add(bytes: string): void {
    this.#text += bytes;
  }

  /** Adds a reply in parts, each of them about a millisecond of work. No reply may follow until it is clear. */
  addLong(parts: Iterator<string>): void {
    this.#parts = parts;
  }

  flush(): void {
    const text = this.#text;
    this.#text = '';
    this.#write(text);
    if (this.#parts !== null) this.#continue();
  }

  /** The next part comes after everybody else's, or when the client has read what it has. */
  #continue(): void {
    if (!this.#unread) this.#turns.add(() => this.#writeNextPart());
  }

  #write(text: string): void {
    if (text === '' || !this.#socket.writable) return;
    // What has to wait waits as bytes: a string that was put together takes ten times as much.
    const bytes = this.#socket.writableLength > 0 ? Buffer.from(text, 'latin1') : text;
    this.#socket.write(bytes, 'latin1');
    const most = this.mayKeepMore
      ? UNREAD_OUTPUT_PAUSE_BYTES
      : UNREAD_OUTPUT_PAUSE_BYTES_BEFORE_LOGIN;
    if (this.unwritten > most) this.#waitUntilRead();
  }

  #writeNextPart(): void {
    if (this.#parts === null || this.#unread) return;
    const part = this.#socket.writable ? this.#parts.next() : { done: true as const };
    if (part.done === true) {
      this.#parts = null;
      this.#onClear();
      return;
    }
    this.#write(part.value);
    this.#continue();
  }

  /**
   * The socket's own timeout starts anew whenever the client reads a part of it. It would also do so
   * for each byte that the client sends, so nothing is read from it meanwhile.
   */
  #waitUntilRead(): void {
    this.#unread = true;
    this.#socket.setTimeout(UNREAD_OUTPUT_TIMEOUT_MS);
    this.#onKept();
  }

  #allRead(): void {
    if (!this.#unread) return;
    this.#unread = false;
    this.#socket.setTimeout(0);
    if (this.#parts === null) this.#onClear();
    else this.#continue();
  }
}
