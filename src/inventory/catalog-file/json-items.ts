/**
 * Reads a catalogue in JSON, strictly: a list of flat objects, `[{"upc":1001,"name":"Pin","units":50}]`.
 *
 * A reader of our own: JSON.parse knows no places, hides a name that is given twice and rounds numbers; the parsers that
 * do better (jsonc-parser) build the whole tree in one go, 0.6 s for 100,000 items in which nobody could buy.
 */
import { checkFieldName, type RawItem, type RawValue } from './raw-item.ts';
import { type SourceText, shown } from './source-text.ts';

const EXPECTED = 'expected [{"upc":…}, …]';

/** The entries, one by one. Throws CatalogError at the first fault. */
export function* jsonItems(source: SourceText): Generator<RawItem> {
  yield* new JsonItems(source).items();
}

class JsonItems {
  readonly #source: SourceText;
  readonly #text: string;
  #at = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
  }

  *items(): Generator<RawItem> {
    if (this.#next() === '') throw this.#fault(`the file is empty: ${EXPECTED}`);
    if (!this.#skip('[')) throw this.#fault(this.#noList());
    let isFirst = true;
    while (!this.#skip(']')) {
      if (!isFirst) this.#comma(']', 'list');
      isFirst = false;
      yield this.#item();
    }
    if (this.#next() !== '') {
      throw this.#fault(`expected the end of the file behind the list, got ${this.#got()}`);
    }
  }

  #noList(): string {
    const isObject = this.#next() === '{';
    const hint = isObject ? '; put [ and ] around the items, and a comma between two of them' : '';
    return `not a list: ${EXPECTED}, got ${this.#got()}${hint}`;
  }

  #item(): RawItem {
    const offset = this.#at;
    if (!this.#skip('{')) {
      throw this.#fault(`expected an item, {"upc":…}, got ${this.#got()}`);
    }
    const values: RawItem['values'] = {};
    let isFirst = true;
    while (!this.#skip('}')) {
      if (!isFirst) this.#comma('}', 'item');
      isFirst = false;
      const at = this.#at;
      if (this.#next() !== '"') {
        throw this.#fault(`expected the name of a field, in quotes, got ${this.#got()}`);
      }
      const { text: name } = this.#string();
      checkFieldName(name, at, values, this.#source);
      if (!this.#skip(':')) throw this.#fault(`expected ":" behind "${name}", got ${this.#got()}`);
      values[name] = this.#value();
    }
    return { offset, values };
  }

  /** The comma between two members, and what it must not be: the last. */
  #comma(end: string, of: string): void {
    if (!this.#skip(',')) throw this.#fault(`expected "," or "${end}", got ${this.#got()}`);
    if (this.#next() === end) {
      throw this.#fault(`the ${of} ends behind a comma: take the comma before "${end}" away`);
    }
  }

  #value(): RawValue {
    const first = this.#next();
    if (first === '"') return this.#string();
    const offset = this.#at;
    WORD.lastIndex = offset;
    const raw = WORD.exec(this.#text)?.[0];
    if (raw === undefined) {
      throw this.#fault(`expected a text, a number, true or false, got ${this.#got()}`);
    }
    this.#at += raw.length;
    if (NUMBER.test(raw)) return { kind: 'number', text: raw, raw, offset };
    if (LITERALS.has(raw)) return { kind: 'word', text: raw, raw, offset };
    throw this.#source.fault(
      offset,
      /^0\d+$/.test(raw)
        ? `a number cannot begin with 0: put the digits in quotes, "${shown(raw)}"`
        : `expected a text, a number, true or false, got ${shown(raw)}; a text stands in quotes`,
    );
  }

  #string(): RawValue {
    const offset = this.#at;
    let hasEscapes = false;
    let at = offset + 1;
    for (; ; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        ESCAPE.lastIndex = at;
        const known = ESCAPE.exec(this.#text)?.[0];
        if (known === undefined) {
          throw this.#source.fault(at, `no escape of JSON: ${shown(this.#text.slice(at, at + 2))}`);
        }
        hasEscapes = true;
        at += known.length - 1;
      } else if (code < SPACE) {
        throw this.#source.fault(
          at,
          `a text goes on over the end of its line, or has a control character`,
        );
      } else if (Number.isNaN(code)) {
        throw this.#source.fault(offset, 'a text without its closing quote');
      }
    }
    this.#at = at + 1;
    const raw = this.#text.slice(offset, at + 1);
    const text = hasEscapes ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    return { kind: 'text', text, raw, offset };
  }

  /** The next character that is no blank; empty at the end. */
  #next(): string {
    let code = this.#text.charCodeAt(this.#at);
    while (code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB) {
      code = this.#text.charCodeAt(++this.#at);
    }
    return this.#text[this.#at] ?? '';
  }

  #skip(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }

  #got(): string {
    return this.#source.at(this.#at);
  }

  #fault(what: string) {
    return this.#source.fault(this.#at, what);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const WORD = /[-+.\w]+/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LITERALS: ReadonlySet<string> = new Set(['true', 'false', 'null']);
