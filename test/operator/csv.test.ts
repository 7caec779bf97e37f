import { expect, test } from 'vitest';
import { csvLine } from '../../src/operator/csv.ts';

test('texts with separators, quotes and line ends are quoted; nothing is an empty field', () => {
  expect(csvLine(['plain', 'a,b', 'say "hi"', 'two\nlines', 'cr\rhere', null, 7])).toBe(
    'plain,"a,b","say ""hi""","two\nlines","cr\rhere",,7\n',
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx'])('a spreadsheet does not compute %j', (text) => {
  expect(csvLine([text])).toBe(`'${text}\n`);
});

test('a number that is below zero stays a number', () => {
  expect(csvLine([-3, 'a-b', 'x=y'])).toBe('-3,a-b,x=y\n');
});
