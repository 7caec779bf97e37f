/** An entry of a catalogue as the file has it, whatever the form of the file. */
import type { EntryKind, RawEntry } from '../operator-file/json-entries.ts';

export type FieldName = 'upc' | 'name' | 'units' | 'limit' | 'returns';

const FIELDS: ReadonlySet<string> = new Set<FieldName>([
  'upc',
  'name',
  'units',
  'limit',
  'returns',
]);

export type RawItem = RawEntry<FieldName>;

export function isFieldName(name: string): name is FieldName {
  return FIELDS.has(name);
}

export const ITEM: EntryKind<FieldName> = {
  noun: 'item',
  example: '{"upc":…}',
  isField: isFieldName,
  fields: 'an item has upc, name and units',
};
