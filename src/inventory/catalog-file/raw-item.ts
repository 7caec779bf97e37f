/** An entry of a catalogue as the file has it, whatever the form of the file. */
import type { EntryKind, RawEntry } from '../operator-file/json-entries.ts';

/** What every item has, and what it may have. */
export const REQUIRED = ['upc', 'name', 'units'] as const;
const OPTIONAL = ['limit', 'returns'] as const;

export type FieldName = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

const FIELDS: ReadonlySet<string> = new Set<FieldName>([...REQUIRED, ...OPTIONAL]);

/** The header of a CSV file: `upc,name,units[,limit][,returns]`. */
export const HEADER = `${REQUIRED.join()}${OPTIONAL.map((name) => `[,${name}]`).join('')}`;

export type RawItem = RawEntry<FieldName>;

export function isFieldName(name: string): name is FieldName {
  return FIELDS.has(name);
}

export const ITEM: EntryKind<FieldName> = {
  noun: 'item',
  example: '{"upc":…}',
  isField: isFieldName,
  fields: `an item has ${inWords(REQUIRED)}, and may have ${inWords(OPTIONAL)}`,
};

/** `a, b and c` */
function inWords(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
