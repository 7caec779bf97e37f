/**
 * Reads a catalogue in CSV (RFC 4180), strictly: a header that names the columns, in any order, and a line for each item.
 *
 * A reader of our own: csv-parse does not say in which column of the line a fault is, and takes 0.3 s for 100,000 lines in
 * one go, in which nobody could buy.
 */
import { checkFieldName, type RawValue } from '../operator-file/json-entries.ts';
import { type SourceText, shown } from '../operator-file/source-text.ts';
import { type FieldName, HEADER, ITEM, isFieldName, type RawItem, REQUIRED } from './raw-item.ts';

const EXPECTED = `expected ${HEADER}`;

/** The entries, one by one. Throws CatalogError at the first fault. */
export function* csvItems(source: SourceText): Generator<RawItem> {
  const lines = new CsvLines(source);
  const header = lines.next();
  if (header === null) throw source.fault(0, `the file is empty: ${EXPECTED}`);
  const columns = columnsOf(header, source);
  for (let line = lines.next(); line !== null; line = lines.next()) {
    const { offset } = line[0] as RawValue;
    if (line.length !== columns.length) {
      const place = line[columns.length]?.offset ?? offset;
      const hint =
        line.length > columns.length ? '; a text with a comma in it stands in quotes' : '';
      throw source.fault(
        place,
        `expected ${columns.length} fields, as the header has, got ${line.length}${hint}`,
      );
    }
    const values: RawItem['values'] = {};
    for (let index = 0; index < columns.length; index++) {
      const cell = line[index] as RawValue;
      // An empty cell says nothing, whatever its column, in quotes or not.
      if (cell.text !== '') values[columns[index] as FieldName] = cell;
    }
    yield { offset, values };
  }
}

function columnsOf(header: readonly RawValue[], source: SourceText): FieldName[] {
  const taken: { [Name in FieldName]?: true } = {};
  const [first] = header as [RawValue];
  const names = header.map(({ text }) => text.trim().toLowerCase());
  if (header.length === 1 && /[;\t]/.test(first.text)) {
    throw source.fault(first.offset, `separate the columns with commas: ${EXPECTED}`);
  }
  if (!names.some(isFieldName)) {
    throw source.fault(
      first.offset,
      `the first line must name the columns: ${EXPECTED}, got ${shown(first.raw)}`,
    );
  }
  const columns = names.map((name, index) => {
    checkFieldName(ITEM, name, (header[index] as RawValue).offset, taken, source);
    taken[name] = true;
    return name;
  });
  const missing = REQUIRED.find((name) => !columns.includes(name));
  if (missing === undefined) return columns;
  throw source.fault(first.offset, `the column "${missing}" is missing: ${EXPECTED}`);
}

/** The lines that are not empty, as cells. A quoted cell may go on over the end of a line. */
class CsvLines {
  readonly #source: SourceText;
  readonly #text: string;
  #at = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
  }

  /** Null at the end of the file. */
  next(): RawValue[] | null {
    while (this.#at < this.#text.length) {
      const cells = this.#line();
      // Spreadsheets keep empty lines, with their commas, and some of them with their quotes.
      if (cells.some(({ text }) => text !== '')) return cells;
    }
    return null;
  }

  #line(): RawValue[] {
    const cells: RawValue[] = [];
    for (;;) {
      cells.push(this.#cell());
      const end = this.#text[this.#at];
      if (end === ',') {
        this.#at++;
        continue;
      }
      if (end === '\r') this.#at++;
      this.#at++;
      return cells;
    }
  }

  /** Moves to what ends the cell: a comma, the end of the line or of the file. Blanks around it are no part of it. */
  #cell(): RawValue {
    this.#skipBlanks();
    const offset = this.#at;
    if (this.#text[offset] === '"') return this.#quoted(offset);
    BARE.lastIndex = offset;
    const raw = (BARE.exec(this.#text) as RegExpExecArray)[0];
    this.#at += raw.length;
    if (this.#text[this.#at] === '"') {
      throw this.#source.fault(
        this.#at,
        'a quote inside a field: put the whole field in quotes, and write each quote in it twice',
      );
    }
    this.#mustEnd('field');
    const text = raw.trimEnd();
    return { kind: 'cell', text, raw: text, offset };
  }

  #quoted(offset: number): RawValue {
    let text = '';
    let at = offset + 1;
    for (;;) {
      const quote = this.#text.indexOf('"', at);
      if (quote < 0) throw this.#source.fault(offset, 'a quote without its closing quote');
      text += this.#text.slice(at, quote);
      at = quote + 1;
      if (this.#text[at] !== '"') break;
      text += '"';
      at++;
    }
    this.#at = at;
    this.#skipBlanks();
    this.#mustEnd('closing quote; a quote inside a field is written twice');
    return { kind: 'cell', text, raw: this.#text.slice(offset, at), offset };
  }

  #skipBlanks(): void {
    BLANKS.lastIndex = this.#at;
    BLANKS.exec(this.#text);
    this.#at = BLANKS.lastIndex;
  }

  #mustEnd(what: string): void {
    const next = this.#text[this.#at];
    if (next === undefined || next === ',' || next === '\n') return;
    if (next === '\r' && this.#text[this.#at + 1] === '\n') return;
    const got = this.#source.at(this.#at);
    throw this.#source.fault(
      this.#at,
      `expected a comma or the end of the line, got ${got} behind a ${what}`,
    );
  }
}

const BLANKS = /[ \t]*/y;
const BARE = /[^,"\r\n]*/y;
