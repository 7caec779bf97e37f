/** The tables that a copy from one store to another carries row by row, and how their rows travel. */

/** A table that both stores have, with the same columns. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Its primary key: the order in which its rows are copied. */
  readonly key: readonly string[];
}

/** A row, its values in the order of the table's columns, as texts. */
export type RowTexts = readonly (string | null)[];

/** Rows that travel together: some hundred KB. */
export const ROWS_AT_ONCE = 5_000;

/** The columns as SQL of both stores takes them. */
export function columnsSql({ columns }: CopiedTable): string {
  return columns.map((column) => `"${column}"`).join(', ');
}

export function keySql({ key }: CopiedTable): string {
  return key.map((column) => `"${column}"`).join(', ');
}
