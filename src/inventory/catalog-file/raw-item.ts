/** An entry of a catalogue as the file has it, whatever the form of the file: named values with their places. */
import type { SourceText } from './source-text.ts';

export type FieldName = 'upc' | 'name' | 'units' | 'limit' | 'returns';

const FIELDS: ReadonlySet<string> = new Set<FieldName>([
  'upc',
  'name',
  'units',
  'limit',
  'returns',
]);

export interface RawValue {
  /** `cell` is the text of a spreadsheet's cell, which may stand for a text, a number, true or false. */
  readonly kind: 'text' | 'number' | 'word' | 'cell';
  /** What the value says: of a text or cell without its quotes. */
  readonly text: string;
  /** As it stands in the file. */
  readonly raw: string;
  readonly offset: number;
}

export interface RawItem {
  readonly offset: number;
  readonly values: { [Name in FieldName]?: RawValue };
}

export function isFieldName(name: string): name is FieldName {
  return FIELDS.has(name);
}

/** Throws CatalogError unless `name`, which stands at `offset`, is the name of a field that `taken` does not have yet. */
export function checkFieldName(
  name: string,
  offset: number,
  taken: object,
  source: SourceText,
): asserts name is FieldName {
  if (Object.hasOwn(taken, name)) throw source.fault(offset, `"${name}" is given twice`);
  if (isFieldName(name)) return;
  throw source.fault(
    offset,
    `unknown field ${JSON.stringify(name)}: an item has upc, name and units`,
  );
}
