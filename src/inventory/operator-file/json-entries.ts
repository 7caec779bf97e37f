/**
 * Reads a JSON file of an operator, strictly: a list of flat objects, `[{"upc":1001,"name":"Pin","units":50}]`.
 *
 * A reader of our own: JSON.parse knows no places, hides a name that is given twice and rounds numbers; the parsers that
 * do better (jsonc-parser) build the whole tree in one go, 0.6 s for 100,000 items in which nobody could buy.
 */
import type { SourceText } from './source-text.ts';

export interface RawValue {
  /** `cell` is the text of a spreadsheet's cell, which may stand for a text, a number, true or false. */
  readonly kind: 'text' | 'number' | 'word' | 'nested' | 'cell';
  /** What the value says: of a text or cell without its quotes. */
  readonly text: string;
  /** As it stands in the file. */
  readonly raw: string;
  readonly offset: number;
}

/** An entry as the file has it, whatever the form of the file: named values with their places. */
export interface RawEntry<Name extends string> {
  readonly offset: number;
  readonly values: { [Field in Name]?: RawValue };
}

/** What a file lists. */
export interface EntryKind<Name extends string> {
  /** What an entry is called: `item`. */
  readonly noun: string;
  /** How one begins: `{"upc":…}`. */
  readonly example: string;
  readonly isField: (name: string) => name is Name;
  /** What is said to a field that is none: `an item has upc, name and units`. */
  readonly fields: string;
}

/** Throws a fault unless `name`, which stands at `offset`, is the name of a field that `taken` does not have yet. */
export function checkFieldName<Name extends string>(
  kind: EntryKind<Name>,
  name: string,
  offset: number,
  taken: object,
  source: SourceText,
): asserts name is Name {
  if (Object.hasOwn(taken, name)) throw source.fault(offset, `"${name}" is given twice`);
  if (kind.isField(name)) return;
  const got = source.isSecret ? '' : ` ${JSON.stringify(name)}`;
  throw source.fault(offset, `unknown field${got}: ${kind.fields}`);
}

/** The entries, one by one. Throws a fault of `source` at the first. */
export function* jsonEntries<Name extends string>(
  source: SourceText,
  kind: EntryKind<Name>,
): Generator<RawEntry<Name>> {
  yield* new JsonEntries(source, kind).entries();
}

class JsonEntries<Name extends string> {
  readonly #source: SourceText;
  readonly #kind: EntryKind<Name>;
  readonly #expected: string;
  readonly #text: string;
  #at = 0;

  constructor(source: SourceText, kind: EntryKind<Name>) {
    this.#source = source;
    this.#text = source.text;
    this.#kind = kind;
    this.#expected = `expected [${kind.example}, …]`;
  }

  *entries(): Generator<RawEntry<Name>> {
    if (this.#next() === '') throw this.#fault(`the file is empty: ${this.#expected}`);
    if (!this.#skip('[')) throw this.#fault(this.#noList());
    let isFirst = true;
    while (!this.#skip(']')) {
      if (!isFirst) this.#comma(']', 'list');
      isFirst = false;
      yield this.#entry();
    }
    if (this.#next() !== '') {
      throw this.#fault(`expected the end of the file behind the list, got ${this.#got()}`);
    }
  }

  #noList(): string {
    const isObject = this.#next() === '{';
    const hint = isObject
      ? `; put [ and ] around the ${this.#kind.noun}s, and a comma between two of them`
      : '';
    return `not a list: ${this.#expected}, got ${this.#got()}${hint}`;
  }

  #entry(): RawEntry<Name> {
    const { noun, example } = this.#kind;
    const offset = this.#at;
    if (!this.#skip('{')) {
      const article = /^[aeio]/.test(noun) ? 'an' : 'a';
      throw this.#fault(`expected ${article} ${noun}, ${example}, got ${this.#got()}`);
    }
    const values: RawEntry<Name>['values'] = {};
    let isFirst = true;
    while (!this.#skip('}')) {
      if (!isFirst) this.#comma('}', noun);
      isFirst = false;
      const at = this.#at;
      if (this.#next() !== '"') {
        throw this.#fault(`expected the name of a field, in quotes, got ${this.#got()}`);
      }
      const { text: name } = this.#string();
      checkFieldName(this.#kind, name, at, values, this.#source);
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
        ? `a number cannot begin with 0: put the digits in quotes, "${this.#source.shown(raw)}"`
        : `expected a text, a number, true or false, got ${this.#source.shown(raw)}; a text stands in quotes`,
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
          throw this.#source.fault(
            at,
            `no escape of JSON: ${this.#source.shown(this.#text.slice(at, at + 2))}`,
          );
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
