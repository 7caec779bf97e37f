/** The tables that a copy from one store to another carries row by row, and how their rows travel. */

/** A table that both stores have, with the same columns. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Its primary key: the order in which its rows are copied. */
  readonly key: readonly string[];
}

/** The table of one row that says which shop it is; there is one from the first migration on. */
export const SHOP = 'shop';

/** A row, its values in the order of the table's columns, as texts. */
export type RowTexts = readonly (string | null)[];

/** Rows that travel together: some hundred KB. */
export const ROWS_AT_ONCE = 5_000;

/** The columns as SQL of both stores takes them. */
export function columnsSql({ columns }: CopiedTable): string {
  return columns.map((column) => `"${column}"`).join(', ');
}

/** The order of the primary key; a table of one row has none. */
export function keySql({ key }: CopiedTable): string {
  return key.length === 0 ? '1' : key.map((column) => `"${column}"`).join(', ');
}
