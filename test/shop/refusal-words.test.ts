import { expect, test } from 'vitest';
import { refusalInWords } from '../../src/shop/refusal-words.ts';

const ITEMS = new Map([[1006, { upc: 1006, code: '001006', name: 'Vinyl LP, signed' }]]);

test.each([
  [
    'NOSTOCK too little stock: 1006 asked 11 available 10; 7 asked 1 available 0',
    'not enough stock: 11 × 001006 ordered, 10 left; 1 × 7 ordered, none left',
  ],
  ['NOITEM no such UPC: 9', 'no such UPC: 9'],
  [
    'LIMIT more than one customer may have: 1006 limit 2 had 1 asked 3',
    'limit 2 of 001006, you had 1 then',
  ],
  ['NORETURN not taken back: 1006, 7', 'not to be given back: 001006, 7'],
  [
    'NOTBOUGHT more than was bought under that order: 1006 bought 1 returned 0 asked 3',
    '3 × 001006 to be given back, and 1 of 1 bought not given back yet',
  ],
  // What no rule of today said.
  ['LIMIT four each', 'four each'],
  ['FROBBED 1006 asked 1', '1006 asked 1'],
  ['', ''],
])('a refusal in a list of orders: %s', (refusal, words) => {
  expect(refusalInWords(refusal, ITEMS)).toBe(`refused: ${words}`);
});
