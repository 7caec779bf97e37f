/** Rows as CSV (RFC 4180, with a plain line feed), which spreadsheets open without being commanded by it. */

export type CsvValue = string | number | null;

/**
 * One line. A text that begins as a formula does gets an apostrophe before it: customers choose order ids, and a
 * spreadsheet would run them. Numbers stay numbers; who needs texts to the letter takes --json.
 */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvField).join()}\n`;
}

const FORMULA = /^[=+\-@\t\r]/;

function csvField(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
