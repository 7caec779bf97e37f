/** The items for sale. An operator's own are read by catalog-file/read-catalog.ts. */
import { NamedError } from '../named-error.ts';

export interface Item {
  readonly upc: number;
  readonly name: string;
  /** Units at the first start. A UPC that the data file knows keeps its level instead. */
  readonly units: number;
  /** The UPC as the catalogue writes it, where that is not what the number looks like: with leading zeros. */
  readonly code?: string;
  /** Units that one customer may buy, from 1. */
  readonly limit?: number;
  /** Whether customers may give it back. */
  readonly returns?: boolean;
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

/** A fault in a catalogue. The message is one line that begins with its place. */
export class CatalogError extends NamedError {}

/** Longer names would break every table that shows them. */
export const MAX_NAME_LENGTH = 200;

/** Digits of a UPC, leading zeros among them: more would break the tables that show them. Requests take as many. */
export const MAX_CODE_LENGTH = 32;
