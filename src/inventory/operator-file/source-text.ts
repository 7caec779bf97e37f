/** The text of a file that an operator has written, in which every fault has a place: `items.json:3:14: what is wrong`. */
import type { NamedError } from '../../named-error.ts';

export interface SourceOptions {
  /** What a fault of the file is thrown as. */
  readonly Fault: new (
    message: string,
  ) => NamedError;
  /** Whether no message may quote the file: there are secrets in it. */
  readonly isSecret?: boolean;
}

/** Longer pieces of a file are cut in messages. */
const MAX_SHOWN = 60;

export class SourceText {
  readonly path: string;
  readonly text: string;
  readonly #options: SourceOptions;

  /** `path` is what messages call the file. Throws a fault when the bytes are not UTF-8; a byte order mark is dropped. */
  constructor(path: string, bytes: Uint8Array, options: SourceOptions) {
    this.path = path;
    this.#options = options;
    try {
      this.text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      const { before, byte } = firstInvalid(bytes);
      const code = byte.toString(16).toUpperCase().padStart(2, '0');
      throw new options.Fault(
        `${path}:${placeIn(before, before.length)}: not UTF-8 (byte 0x${code}); save the file as UTF-8`,
      );
    }
  }

  get isSecret(): boolean {
    return this.#options.isSecret === true;
  }

  /** The error of what stands at `offset`. */
  fault(offset: number, what: string): NamedError {
    return new this.#options.Fault(`${this.path}:${this.place(offset)}: ${what}`);
  }

  /** `line:column` of a character, both from 1. */
  place(offset: number): string {
    return placeIn(this.text, offset);
  }

  /** What stands at `offset`, for a message: a word or number whole, or one character. */
  at(offset: number): string {
    if (offset >= this.text.length) return 'the end of the file';
    WORD.lastIndex = offset;
    const word = WORD.exec(this.text)?.[0];
    return this.shown(word ?? String.fromCodePoint(this.text.codePointAt(offset) as number));
  }

  /** `raw`, a piece of the file, for a message. */
  shown(raw: string): string {
    return this.isSecret ? 'something else' : shown(raw);
  }
}

const WORD = /[-+.\w]+/y;

/** `raw` as the file has it, cut when it is long, and so that a terminal shows it and does nothing else. */
export function shown(raw: string): string {
  const cut = raw.length > MAX_SHOWN ? `${raw.slice(0, MAX_SHOWN)}…` : raw;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => {
    const code = (one.codePointAt(0) as number).toString(16);
    return `\\u${one.length > 1 ? `{${code}}` : code.padStart(4, '0')}`;
  });
}

/** Columns count characters, not bytes. */
function placeIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const column = [...(lines.at(-1) as string)].length + 1;
  return `${lines.length}:${column}`;
}

/** The text before the first bytes that are no character, and the first of them. */
function firstInvalid(bytes: Uint8Array): { before: string; byte: number } {
  // Decoded and encoded again, the file differs from there on.
  const again = new TextEncoder().encode(
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
  );
  let end = 0;
  while (bytes[end] === again[end]) end++;
  // The difference may come behind the first byte of a character that was cut off.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const before = decoder.decode(bytes.subarray(0, end), { stream: true });
  const start = Buffer.byteLength(before);
  return { before: before.replace(/^\uFEFF/, ''), byte: bytes[start] as number };
}
