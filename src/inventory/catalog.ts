/** The items for sale: the built-in list, and the check of a list that the operator gives. */
import { NamedError } from '../named-error.ts';

export interface Item {
  readonly upc: number;
  readonly name: string;
  /** Units at the first start. A UPC that the data file knows keeps its level instead. */
  readonly units: number;
}

export const CATALOG: readonly Item[] = [
  { upc: 1001, name: 'Concert ticket, front row', units: 50 },
  { upc: 1002, name: 'Concert ticket, balcony', units: 200 },
  { upc: 1003, name: 'Tour T-shirt, size M', units: 120 },
  { upc: 1004, name: 'Tour T-shirt, size L', units: 120 },
  { upc: 1005, name: 'Hoodie, black', units: 80 },
  { upc: 1006, name: 'Vinyl LP, signed', units: 10 },
  { upc: 1007, name: 'Vinyl LP', units: 300 },
  { upc: 1008, name: 'Poster, A2', units: 250 },
  { upc: 1009, name: 'Enamel pin', units: 500 },
  { upc: 1010, name: 'Torque wrench, 1/2 inch', units: 50 },
  { upc: 1011, name: 'Digital caliper, 150 mm', units: 60 },
  { upc: 1012, name: 'Safety goggles', units: 400 },
  { upc: 1013, name: 'Pipette tips, box of 96', units: 1000 },
  { upc: 1014, name: 'Nitrile gloves, box of 100', units: 750 },
];

/** A fault in a catalogue, with its place. */
export class CatalogError extends NamedError {}

/** Longer names would break every table that shows them. */
export const MAX_NAME_LENGTH = 200;

/**
 * The items of a catalogue file: JSON, `[{"upc":1001,"name":"…","units":50}]`, each UPC once. Throws
 * CatalogError, which names the place of the first fault.
 */
export function parseCatalog(json: string): Item[] {
  let list: unknown;
  try {
    list = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new CatalogError(`not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) throw new CatalogError('not a list: expected [{"upc":…}, …]');
  if (list.length === 0) throw new CatalogError('the list is empty: there is nothing to sell');
  const places = new Map<number, number>();
  return list.map((entry, index) => {
    const item = parseItem(entry, `entry ${index + 1}`);
    const first = places.get(item.upc);
    if (first !== undefined) {
      throw new CatalogError(`entry ${index + 1}: UPC ${item.upc} is already entry ${first}`);
    }
    places.set(item.upc, index + 1);
    return item;
  });
}

function parseItem(entry: unknown, place: string): Item {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new CatalogError(`${place}: expected an object with upc, name and units`);
  }
  const { upc, name, units, ...others } = entry as Record<string, unknown>;
  if (!Number.isSafeInteger(upc) || (upc as number) < 1) {
    throw new CatalogError(`${place}: "upc" must be a whole number from 1, got ${shown(upc)}`);
  }
  if (typeof name !== 'string' || name.trim() === '') {
    throw new CatalogError(`${place}: "name" must be a text that is not empty, got ${shown(name)}`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name) || name.length > MAX_NAME_LENGTH) {
    throw new CatalogError(
      `${place}: "name" must have at most ${MAX_NAME_LENGTH} characters and no control characters`,
    );
  }
  if (!Number.isSafeInteger(units) || (units as number) < 0) {
    throw new CatalogError(`${place}: "units" must be a whole number from 0, got ${shown(units)}`);
  }
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw new CatalogError(`${place}: unknown field ${JSON.stringify(unknown)}`);
  }
  return { upc: upc as number, name, units: units as number };
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
