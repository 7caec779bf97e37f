/**
 * The bytes of replies into values, for the client: RESP2 and RESP3, in any chunks. Texts are wire
 * strings (see encoder.ts). Every byte is looked at once, however the chunks fall, and what a server
 * can make this client hold is bounded.
 */
import { ErrorReply, ProtocolError, TlsRecord } from './error-codes.ts';
import { MAX_INTEGER } from './limits.ts';

/** The first byte of what a server that speaks TLS sends to a client that does not: it has no line end. */
const TLS_ALERT = 21;

/** What a reply can be. A map's names stand in the order of the wire. */
export type ReplyValue =
  | string
  | number
  | boolean
  | null
  | ErrorReply
  | Push
  | readonly ReplyValue[]
  | ReadonlyMap<string, ReplyValue>;

/** What a RESP3 server says unasked; it is the reply to no request. */
export class Push {
  readonly values: readonly ReplyValue[];

  constructor(values: readonly ReplyValue[]) {
    this.values = values;
  }
}

/** One reply with its framing: an inventory of half a million items fits. */
export const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** A line (a status, an error, a number, a length): an error names 10 lines of an order at most. */
export const MAX_REPLY_LINE_BYTES = 64 * 1024;

/** The deepest reply that the client asks for is ORDERS, an array of maps of arrays of maps: 4. */
export const MAX_REPLY_DEPTH = 8;

/**
 * Values in one reply, where an array or a map counts as CONTAINER_COST of them: bytes alone bound
 * little, since an empty map takes 4 bytes on the wire and 200 in memory. An item of an inventory
 * counts as 10 (a map, 3 names and their values), so that 850,000 items fit.
 */
export const MAX_REPLY_VALUES = 8_500_000;
const CONTAINER_COST = 4;

const INTEGER = /^-?\d{1,16}$/;
const LENGTH = /^\d{1,16}$/;

/** An array, a map or a push that is not whole yet. */
interface Container {
  readonly kind: '*' | '%' | '>';
  readonly values: ReplyValue[];
  /** Values still to come; a map's names count. */
  left: number;
}

/** The next value is not all there. */
const INCOMPLETE = Symbol('incomplete');
/** An array or a map began. */
const OPENED = Symbol('opened');

const EMPTY_MAP: ReadonlyMap<string, ReplyValue> = new Map();
const EMPTY_LIST: readonly ReplyValue[] = [];

export class ReplyDecoder {
  /** Bytes that one reply may have. Lowered while it is not known who the peer is. */
  maxBytes = MAX_REPLY_BYTES;
  #text = '';
  #position = 0;
  /** Chunks that are not worth looking at before `#needed` bytes are there. */
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #needed = 0;
  /** Bytes of the reply that is being read, up to `#position`. */
  #replyBytes = 0;
  /** Values of the reply that is being read, against MAX_REPLY_VALUES. */
  #replyValues = 0;
  readonly #open: Container[] = [];

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }

  /**
   * The next whole reply, or undefined when there is none yet. Throws ProtocolError for bytes that
   * are no reply, after which this decoder is of no more use.
   */
  next(): ReplyValue | undefined {
    if (!this.#gather()) return undefined;
    for (;;) {
      const start = this.#position;
      let value = this.#readValue();
      this.#replyBytes += this.#position - start;
      if (this.#replyBytes > this.maxBytes) throw tooBig(this.maxBytes);
      if (value === INCOMPLETE) return undefined;
      if (++this.#replyValues > MAX_REPLY_VALUES) throw malformed('too many values');
      if (value === OPENED) continue;
      for (;;) {
        const container = this.#open.at(-1);
        if (container === undefined) {
          this.#replyBytes = 0;
          this.#replyValues = 0;
          return value;
        }
        container.values.push(value);
        container.left--;
        if (container.left > 0) break;
        this.#open.pop();
        value = wholeOf(container);
      }
    }
  }

  /** Whether there is anything worth reading, once the chunks are joined. */
  #gather(): boolean {
    if (this.#chunkBytes > 0) {
      const rest = this.#text.length - this.#position;
      if (rest + this.#chunkBytes < this.#needed) return false;
      this.#text =
        this.#text.slice(this.#position) +
        Buffer.concat(this.#chunks, this.#chunkBytes).toString('latin1');
      this.#position = 0;
      this.#chunks = [];
      this.#chunkBytes = 0;
      this.#needed = 0;
    }
    return this.#position < this.#text.length && this.#text.length - this.#position >= this.#needed;
  }

  #readValue(): ReplyValue | typeof INCOMPLETE | typeof OPENED {
    const text = this.#text;
    const start = this.#position;
    const newline = text.indexOf('\n', start);
    const length = (newline < 0 ? text.length : newline) - start;
    if (length > MAX_REPLY_LINE_BYTES) throw malformed('a line without an end');
    if (newline < 0) {
      if (text.charCodeAt(start) === TLS_ALERT) throw new TlsRecord('the peer speaks TLS');
      return this.#wait(text.length - start + 1);
    }
    if (text[newline - 1] !== '\r') throw malformed('a line that does not end in CR LF');
    const line = text.slice(start + 1, newline - 1);
    const end = newline + 1;
    switch (text[start]) {
      case '+':
        return this.#take(end, line);
      case '-':
        return this.#take(end, ErrorReply.received(line));
      case ':':
        return this.#take(end, toInteger(line));
      case '#':
        if (line !== 't' && line !== 'f') throw malformed('a boolean');
        return this.#take(end, line === 't');
      case '_':
        if (line !== '') throw malformed('a null');
        return this.#take(end, null);
      case '$':
        return line === '-1' ? this.#take(end, null) : this.#readText(end, toLength(line));
      case '*':
        if (line === '-1') return this.#take(end, null);
        return this.#openContainer(end, toLength(line), '*');
      case '%':
        return this.#openContainer(end, toLength(line), '%');
      case '>':
        if (this.#open.length > 0) throw malformed('a push inside a value');
        return this.#openContainer(end, toLength(line), '>');
      default:
        throw malformed('an unknown kind of value');
    }
  }

  #take<T>(end: number, value: T): T {
    this.#position = end;
    return value;
  }

  #wait(bytes: number): typeof INCOMPLETE {
    this.#needed = bytes;
    return INCOMPLETE;
  }

  #readText(from: number, length: number): string | typeof INCOMPLETE {
    const to = from + length;
    if (this.#replyBytes + to + 2 - this.#position > this.maxBytes) {
      throw tooBig(this.maxBytes);
    }
    if (to + 2 > this.#text.length) return this.#wait(to + 2 - this.#position);
    if (this.#text[to] !== '\r' || this.#text[to + 1] !== '\n') {
      throw malformed('a text that is not as long as it says');
    }
    return this.#take(to + 2, this.#text.slice(from, to));
  }

  #openContainer(end: number, count: number, kind: Container['kind']): ReplyValue | typeof OPENED {
    this.#position = end;
    this.#replyValues += CONTAINER_COST - 1;
    if (count === 0) return emptyOf(kind);
    if (this.#open.length === MAX_REPLY_DEPTH) throw malformed('values nested too deep');
    // The list grows with what arrives: a count alone must not reserve anything.
    this.#open.push({ kind, values: [], left: kind === '%' ? 2 * count : count });
    return OPENED;
  }
}

function emptyOf(kind: Container['kind']): ReplyValue {
  if (kind === '%') return EMPTY_MAP;
  return kind === '>' ? new Push(EMPTY_LIST) : EMPTY_LIST;
}

function wholeOf({ kind, values }: Container): ReplyValue {
  if (kind === '%') return toMap(values);
  return kind === '>' ? new Push(values) : values;
}

function toMap(values: readonly ReplyValue[]): Map<string, ReplyValue> {
  const map = new Map<string, ReplyValue>();
  for (let index = 0; index < values.length; index += 2) {
    const name = values[index];
    if (typeof name !== 'string') throw malformed('a map whose names are not texts');
    map.set(name, values[index + 1] as ReplyValue);
  }
  return map;
}

function toInteger(line: string): number {
  const value = INTEGER.test(line) ? Number(line) : Number.NaN;
  if (!(Math.abs(value) <= MAX_INTEGER)) throw malformed('an integer');
  return value;
}

function toLength(line: string): number {
  const value = LENGTH.test(line) ? Number(line) : Number.NaN;
  if (!(value <= MAX_INTEGER)) throw malformed('a length');
  return value;
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('ERR', `malformed reply: ${what}`);
}

function tooBig(most: number): ProtocolError {
  return new ProtocolError('TOOBIG', `a reply has at most ${most} bytes`);
}
