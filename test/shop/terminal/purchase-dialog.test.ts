import { expect, test } from 'vitest';
import { BACK } from '../../../src/cli/terminal/prompts.ts';
import { PurchaseDialog } from '../../../src/shop/terminal/purchase-dialog.ts';
import { answering } from '../support/answering.ts';

const ITEMS = [
  { upc: 1001, name: 'Ticket', available: 5 },
  { upc: 1002, name: 'Pin', available: 9 },
];

test.each<[string, unknown[], unknown]>([
  ['one item', ['1001', '2', 'Yes, buy'], [[1001, 2]]],
  [
    'two items',
    ['1001', '2', 'Add another item', '0001002', '3', 'Yes, buy'],
    [
      [1001, 2],
      [1002, 3],
    ],
  ],
  ['the same item twice', ['1001', '2', 'Add another item', '1001', '1', 'Yes, buy'], [[1001, 3]]],
  [
    'no more than there are',
    ['1001', '4', 'Add another item', '1001', '4', 'Yes, buy'],
    [[1001, 5]],
  ],
  ['a changed quantity', ['1001', '2', 'Change how many', '5', 'Yes, buy'], [[1001, 5]]],
  [
    'a changed quantity of several',
    [
      '1001',
      '2',
      'Add another item',
      '1002',
      '3',
      'Change how many',
      '3 × 1002 Pin',
      '1',
      'Yes, buy',
    ],
    [
      [1001, 2],
      [1002, 1],
    ],
  ],
  [
    'a removed item',
    ['1001', '2', 'Add another item', '1002', '3', 'Remove an item', '2 × 1001 Ticket', 'Yes, buy'],
    [[1002, 3]],
  ],
  ['a removed only item, and nothing else', ['1001', '2', 'Remove an item', BACK], null],
  ['nothing', ['1001', '2', 'No, buy nothing'], null],
  [
    'an item that was not added after all',
    ['1001', '2', 'Add another item', BACK, 'Yes, buy'],
    [[1001, 2]],
  ],
  ['a quantity taken back', ['1001', BACK, '1002', '', '1002', '1', 'Yes, buy'], [[1002, 1]]],
  ['the last item taken back', ['1001', '1', BACK, BACK], null],
])('%s', async (_name, answers, bought) => {
  const filled = await new PurchaseDialog(ITEMS, answering(answers).dialog, () => undefined).fill();
  expect(filled?.how ?? 'buy').toBe('buy');
  expect(filled?.lines.map(({ upc, qty }) => [upc, qty]) ?? null).toEqual(bought);
});

test('what is in the basket can be held while the user thinks', async () => {
  const { dialog } = answering(['1001', '2', 'Hold for 10 minutes']);
  const filled = await new PurchaseDialog(ITEMS, dialog, () => undefined).fill();
  expect(filled).toEqual({ how: 'hold', lines: [{ upc: 1001, qty: 2 }] });
});

test('when somebody was faster, what is left is offered', async () => {
  const { dialog, asked } = answering([
    '1001',
    '5',
    'Add another item',
    '1002',
    '9',
    'Yes, buy',
    'Yes, buy',
  ]);
  const printed: string[] = [];
  const purchase = new PurchaseDialog(ITEMS, dialog, (text) => printed.push(text));
  await purchase.fill();
  const short = [
    { upc: 1001, asked: 5, available: 3 },
    { upc: 1002, asked: 9, available: 0 },
  ];
  expect(purchase.keepWhatIsLeft(short)).toBe(true);
  expect(printed.slice(-2)).toEqual([
    'Somebody was faster: 3 of 1001 left.',
    'Somebody was faster: none of 1002 left.',
  ]);
  expect(await purchase.fill()).toEqual({ how: 'buy', lines: [{ upc: 1001, qty: 3 }] });
  expect(asked.at(-1)).toBe('Buy 3 units of 1001 Ticket?');
  expect(purchase.keepWhatIsLeft([{ upc: 1001, asked: 3, available: 0 }])).toBe(false);
});
