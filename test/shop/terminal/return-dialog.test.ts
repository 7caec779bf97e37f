import { expect, test } from 'vitest';
import { BACK } from '../../../src/cli/terminal/prompts.ts';
import { askReturn } from '../../../src/shop/terminal/return-dialog.ts';
import { answering } from '../support/answering.ts';

const PIN = { upc: 7, code: '0007', name: 'Pin', available: 1 };
const ORDERS = [{ order: 'o', at: 0, lines: [{ item: PIN, left: 3 }] }];
const CHOICE = '0007 Pin: 3 bought at 1970-01-01T00:00:00Z (o)';

test.each<[string, unknown[], unknown]>([
  ['some of it', ['Yes', CHOICE, '2', 'Yes, give back'], { of: 'o', lines: [{ upc: 7, qty: 2 }] }],
  ['nothing', ['No, back to the menu'], null],
  ['nothing, with Esc', [BACK], null],
  ['nothing of the list', ['Yes', BACK], null],
  ['nothing in the end', ['Yes', CHOICE, '1', 'No, keep it'], null],
  [
    'after a step back',
    ['Yes', CHOICE, '', CHOICE, '1', BACK, CHOICE, '1', 'Yes, give back'],
    { of: 'o', lines: [{ upc: 7, qty: 1 }] },
  ],
])('gives back %s', async (_name, answers, wanted) => {
  expect(await askReturn(ORDERS, answering(answers).dialog)).toEqual(wanted);
});

test('no more than is left can be given back', async () => {
  const { dialog, checks } = answering(['Yes', CHOICE, '3', 'Yes, give back']);
  await askReturn(ORDERS, dialog);
  const check = checks[0] as (text: string) => true | string;
  expect(['', '1', '3', '4', 'x'].map(check)).toEqual([
    ...[true, true, true],
    'Only 3 can be given back.',
    'A whole number from 1 to 3, please.',
  ]);
});
