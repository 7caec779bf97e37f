/** Arrays in PostgreSQL's own notation: whole columns of rows travel as one parameter each. */

export function numberArray(values: readonly number[]): string {
  return `{${values.join()}}`;
}

/** Every text in quotes, so that none is taken for NULL or for the end of the array. */
export function textArray(values: readonly (string | null)[]): string {
  let text = '{';
  for (const value of values) {
    if (text.length > 1) text += ',';
    text += value === null ? 'NULL' : `"${SPECIAL.test(value) ? escaped(value) : value}"`;
  }
  return `${text}}`;
}

const SPECIAL = /["\\]/;

function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
