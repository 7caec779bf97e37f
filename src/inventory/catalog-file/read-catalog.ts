/** Reads a catalogue file, JSON or CSV, and checks every item of it. */
import { setImmediate as turn } from 'node:timers/promises';
import { CatalogError, type Item, MAX_CODE_LENGTH, MAX_NAME_LENGTH } from '../catalog.ts';
import { jsonEntries, type RawValue } from '../operator-file/json-entries.ts';
import { SourceText, shown } from '../operator-file/source-text.ts';
import { csvItems } from './csv-items.ts';
import { type FieldName, ITEM, type RawItem } from './raw-item.ts';

/** Items that are read in one go, some milliseconds: the file may be read again while a server sells. */
const READ_AT_ONCE = 500;

/**
 * The items of the file `path` with these bytes, each UPC once. Throws CatalogError, one line that begins with
 * `path:line:column: `, at the first fault.
 */
export async function readCatalog(path: string, bytes: Uint8Array): Promise<readonly Item[]> {
  const source = new SourceText(path, bytes, { Fault: CatalogError });
  const isJson = /^\s*[[{]/.test(source.text) || /\.json$/i.test(path);
  const items: Item[] = [];
  const places = new Map<number, number>();
  for (const raw of isJson ? jsonEntries(source, ITEM) : csvItems(source)) {
    const item = toItem(raw, source);
    const earlier = places.get(item.upc);
    const { offset } = raw.values.upc as RawValue;
    if (earlier !== undefined) {
      throw source.fault(offset, `UPC ${item.upc} is already given at ${source.place(earlier)}`);
    }
    places.set(item.upc, offset);
    if (items.push(item) % READ_AT_ONCE === 0) await turn();
  }
  if (items.length === 0) throw source.fault(0, 'there is no item in it: there is nothing to sell');
  return items;
}

function toItem(raw: RawItem, source: SourceText): Item {
  const { limit, returns } = raw.values;
  return {
    ...upcOf(raw, source),
    name: nameOf(raw, source),
    units: wholeNumberOf(raw, 'units', 0, source),
    ...(limit && { limit: wholeNumberOf(raw, 'limit', 1, source) }),
    ...(returns && { returns: isTrue(raw, 'returns', source) }),
  };
}

/** The number, and the digits where they begin with zeros. */
function upcOf(raw: RawItem, source: SourceText): { upc: number; code?: string } {
  const { kind, text, offset } = given(raw, 'upc', source);
  if ((kind !== 'text' && kind !== 'cell') || !/^\d+$/.test(text)) {
    return { upc: wholeNumberOf(raw, 'upc', 1, source) };
  }
  const upc = Number(text);
  if (!isWithin(upc, 1)) throw notWhole(raw, 'upc', 1, source);
  if (text.length > MAX_CODE_LENGTH) {
    throw source.fault(offset, `"upc" must have at most ${MAX_CODE_LENGTH} digits`);
  }
  return text[0] === '0' ? { upc, code: copied(text) } : { upc };
}

function nameOf(raw: RawItem, source: SourceText): string {
  const { kind, text, raw: written, offset } = given(raw, 'name', source);
  if ((kind !== 'text' && kind !== 'cell') || text.trim() === '') {
    throw source.fault(offset, `"name" must be a text that is not empty, got ${shown(written)}`);
  }
  if (/\p{Cc}/u.test(text) || text.length > MAX_NAME_LENGTH) {
    throw source.fault(
      offset,
      `"name" must have at most ${MAX_NAME_LENGTH} characters and no control characters`,
    );
  }
  if (!text.isWellFormed()) {
    throw source.fault(offset, `"name" has half a character, got ${shown(written)}`);
  }
  return copied(text);
}

function isTrue(raw: RawItem, name: FieldName, source: SourceText): boolean {
  const { kind, text, raw: written, offset } = given(raw, name, source);
  // Spreadsheets write them in capitals.
  const word = kind === 'cell' ? text.toLowerCase() : text;
  const isWord = kind === 'word' || kind === 'cell';
  if (isWord && (word === 'true' || word === 'false')) return word === 'true';
  throw source.fault(offset, `"${name}" must be true or false, got ${shown(written)}`);
}

/** A whole number from `least`. JSON writes it as a number, and CSV in a cell. */
function wholeNumberOf(raw: RawItem, name: FieldName, least: number, source: SourceText): number {
  const { kind, text } = given(raw, name, source);
  const number = WHOLE[kind]?.test(text) ? Number(text) : Number.NaN;
  if (!isWithin(number, least)) throw notWhole(raw, name, least, source);
  return number;
}

/**
 * Decimal numbers that are whole, as 50.0 is; those that JavaScript would round are out of bounds anyway. A cell with an
 * exponent is what a spreadsheet has made of a longer number.
 */
const WHOLE: { readonly [Kind in RawValue['kind']]?: RegExp } = {
  number: /^-?\d+(\.0+)?([eE]\+?\d+)?$/,
  cell: /^-?\d+(\.0+)?$/,
};

function isWithin(number: number, least: number): boolean {
  return Number.isSafeInteger(number) && number >= least;
}

function notWhole(raw: RawItem, name: FieldName, least: number, source: SourceText) {
  const { kind, offset, raw: written } = given(raw, name, source);
  const isShortened = kind === 'cell' && /^[\d.,]+E\+\d+$/i.test(written);
  const hint = isShortened ? '; a spreadsheet has shortened it: format the column as text' : '';
  return source.fault(
    offset,
    `"${name}" must be a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}, got ${shown(written)}${hint}`,
  );
}

function given({ offset, values }: RawItem, name: FieldName, source: SourceText): RawValue {
  const value = values[name];
  if (value === undefined) throw source.fault(offset, `the item has no "${name}"`);
  return value;
}

/** A copy, so that a name does not keep the whole text of the file in memory. */
function copied(text: string): string {
  return Buffer.from(text).toString();
}
