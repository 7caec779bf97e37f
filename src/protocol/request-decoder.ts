/** RESP, inwards: the bytes of requests into words, which are wire strings (see encoder.ts). */
import { ProtocolError, TlsRecord } from './error-codes.ts';
import { inlineWords } from './inline-words.ts';
import { MAX_ARGUMENTS } from './limits.ts';

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const DOLLAR = 36;
const STAR = 42;
const ZERO = 48;
const NINE = 57;
const DELETE = 127;
/** The first byte of whoever speaks TLS. */
const TLS_HANDSHAKE = 22;

/** What skipping `*0`, or a line of blanks, costs in empty lines. */
const COST_OF_BLANKS = 16;

const HTTP_REQUEST_LINE = / HTTP\/\d/;

/**
 * Collects chunks and hands out whole commands. What is not a whole command is never handed out,
 * however the stream ends: `PURCHASE 1001 12` cut to `PURCHASE 1001 1` would be a wrong sale.
 */
export class RequestDecoder {
  /** What is being read, and how far it is consumed. */
  #text = '';
  #position = 0;
  /** The bytes of an incomplete command; text until it is worth another look. */
  #held: Buffer = EMPTY;
  #heldLength = 0;
  /** A lower bound of the bytes that the incomplete command needs. */
  #needed = 0;

  /** Bytes that were received and are not handed out yet. */
  get buffered(): number {
    return this.#heldLength + this.#text.length - this.#position;
  }

  /** Bytes of memory that are kept for them. */
  get keptBytes(): number {
    return this.#held.length + this.#text.length;
  }

  push(chunk: Buffer): void {
    if (this.#heldLength === 0) {
      if (this.#position === this.#text.length) {
        this.#text = chunk.toString('latin1');
      } else {
        this.#text = this.#text.slice(this.#position) + chunk.toString('latin1');
      }
      this.#position = 0;
      return;
    }
    const length = this.#heldLength + chunk.length;
    if (length > this.#held.length) {
      // Doubling keeps a command that comes a byte at a time linear in its length.
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#needed, 2 * this.#held.length));
      this.#held.copy(grown, 0, 0, this.#heldLength);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldLength);
    this.#heldLength = length;
    if (length < this.#needed) return;
    this.#text = this.#held.toString('latin1', 0, length);
    this.#position = 0;
    this.#held = EMPTY;
    this.#heldLength = 0;
  }

  /**
   * The words of the next whole command, or null when there is none yet. `maxBytes` bounds the
   * command's size with its framing; `maxEmpty` bounds how many empty commands are skipped in one
   * call, after which null is returned with `hasMore` true. Throws ProtocolError for bytes that are
   * no command, after which this decoder is of no more use.
   */
  next(maxBytes: number, maxEmpty = Number.POSITIVE_INFINITY): string[] | null {
    let skipped = this.#skipEmptyLines(maxEmpty);
    for (;;) {
      if (this.#position >= this.#text.length) {
        this.#text = '';
        this.#position = 0;
        return null;
      }
      if (skipped >= maxEmpty) return null;
      const words =
        this.#text.charCodeAt(this.#position) === STAR
          ? this.#nextArray(maxBytes)
          : this.#nextLine(maxBytes);
      if (words === null || words.length > 0) return words;
      // `*0` and a line of blanks: more work than an empty line.
      skipped += COST_OF_BLANKS;
    }
  }

  /** Whether `next` returned null although there are bytes that it has not looked at yet. */
  get hasMore(): boolean {
    return this.#position < this.#text.length;
  }

  /** Skips empty lines, `most` of them in one call. Returns how many. */
  #skipEmptyLines(most: number): number {
    const text = this.#text;
    let at = this.#position;
    let skipped = 0;
    while (skipped < most) {
      const code = text.charCodeAt(at);
      if (code === LF) at++;
      else if (code === CR && text.charCodeAt(at + 1) === LF) at += 2;
      else break;
      skipped++;
    }
    this.#position = at;
    return skipped;
  }

  /** `*2\r\n$4\r\nPING\r\n$2\r\nhi\r\n`, the form that client libraries send. */
  #nextArray(maxBytes: number): string[] | null {
    const text = this.#text;
    const start = this.#position;
    let end = this.#endOfNumber(start + 1, maxBytes, start);
    if (end < 0) return this.#hold(maxBytes, text.length + 1);
    const count = this.#number;
    if (count > MAX_ARGUMENTS) {
      throw new ProtocolError('TOOBIG', `a command has at most ${MAX_ARGUMENTS} words`);
    }
    const words: string[] = new Array(count);
    for (let index = 0; index < count; index++) {
      if (end >= text.length) return this.#hold(maxBytes, text.length + 1);
      if (text.charCodeAt(end) !== DOLLAR) {
        throw new ProtocolError('ERR', `malformed request: expected '$', got ${shown(text, end)}`);
      }
      const from = this.#endOfNumber(end + 1, maxBytes, start);
      if (from < 0) return this.#hold(maxBytes, text.length + 1);
      const to = from + this.#number;
      if (to + 2 - start > maxBytes) throw tooBig(maxBytes);
      if (to + 2 > text.length) return this.#hold(maxBytes, to + 2);
      if (text.charCodeAt(to) !== CR || text.charCodeAt(to + 1) !== LF) {
        throw new ProtocolError('ERR', 'malformed request: a word is not as long as it says');
      }
      words[index] = text.substring(from, to);
      end = to + 2;
    }
    this.#position = end;
    return words;
  }

  /** `PURCHASE 1001 2\r\n`, the form for hands: words between spaces, quoted or not, up to the end of the line. */
  #nextLine(maxBytes: number): string[] | null {
    const text = this.#text;
    const start = this.#position;
    // TLS and other binary greetings have no line end: their first byte tells, or both sides wait.
    if (isControl(text.charCodeAt(start)) && !isLineEnd(text.charCodeAt(start))) {
      if (text.charCodeAt(start) === TLS_HANDSHAKE) {
        throw new TlsRecord('this port does not speak TLS');
      }
      throw new ProtocolError('ERR', `malformed request: unexpected ${shown(text, start)}`);
    }
    const newline = text.indexOf('\n', start);
    if (newline < 0) return this.#hold(maxBytes, text.length + 1);
    if (newline + 1 - start > maxBytes) throw tooBig(maxBytes);
    const end = newline > start && text.charCodeAt(newline - 1) === CR ? newline - 1 : newline;
    for (let index = start; index < end; index++) {
      if (isControl(text.charCodeAt(index))) {
        throw new ProtocolError('ERR', `malformed request: unexpected ${shown(text, index)}`);
      }
    }
    const line = text.substring(start, end);
    // Closing at the first line keeps a web page from buying through the body of a form.
    if (HTTP_REQUEST_LINE.test(line)) {
      throw new ProtocolError('ERR', 'this is not an HTTP server; see PROTOCOL.md');
    }
    this.#position = newline + 1;
    const words = inlineWords(line);
    if (words === null) {
      throw new ProtocolError('ERR', 'malformed request: unbalanced quotes in request');
    }
    if (words.length > MAX_ARGUMENTS) {
      throw new ProtocolError('TOOBIG', `a command has at most ${MAX_ARGUMENTS} words`);
    }
    return words;
  }

  #number = 0;

  /**
   * Reads digits and CRLF from `index` into #number. Returns the position behind them, or -1 when they
   * are not all there; to return the number too would cost an object for each.
   */
  #endOfNumber(index: number, maxBytes: number, start: number): number {
    const text = this.#text;
    let value = 0;
    let at = index;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < ZERO || code > NINE) break;
      value = value * 10 + (code - ZERO);
      if (at - index >= 9) throw tooBig(maxBytes);
    }
    if (at + 1 >= text.length) {
      if (at < text.length && text.charCodeAt(at) !== CR) {
        throw new ProtocolError(
          'ERR',
          `malformed request: expected a number, got ${shown(text, at)}`,
        );
      }
      if (at - start > maxBytes) throw tooBig(maxBytes);
      return -1;
    }
    if (at === index || text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) {
      throw new ProtocolError(
        'ERR',
        `malformed request: expected a number, got ${shown(text, at)}`,
      );
    }
    this.#number = value;
    return at + 2;
  }

  /** Keeps the rest until at least `needed` (a position in the text) is there. */
  #hold(maxBytes: number, needed: number): null {
    const rest = this.#text.length - this.#position;
    if (rest >= maxBytes) throw tooBig(maxBytes);
    this.#held = Buffer.from(this.#text.substring(this.#position), 'latin1');
    this.#heldLength = rest;
    this.#needed = needed - this.#position;
    this.#text = '';
    this.#position = 0;
    return null;
  }
}

const EMPTY = Buffer.alloc(0);

function tooBig(maxBytes: number): ProtocolError {
  return new ProtocolError('TOOBIG', `a command has at most ${maxBytes} bytes here`);
}

function isControl(code: number): boolean {
  return (code < SPACE && code !== TAB) || code === DELETE;
}

function isLineEnd(code: number): boolean {
  return code === CR || code === LF;
}

function shown(text: string, index: number): string {
  const code = text.charCodeAt(index);
  return code > SPACE && code < DELETE ? `'${text[index]}'` : `byte ${code}`;
}
