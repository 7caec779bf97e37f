import { expect, test } from 'vitest';
import { toCondition } from '../../src/shop/until.ts';

test.for([
  ['available<10', [0, 9], [10, 11]],
  ['available <= 10', [0, 10], [11]],
  [' available>10 ', [11], [0, 10]],
  ['available>=10', [10, 11], [9]],
  ['available=0', [0], [1]],
  ['available == 1', [1], [0, 2]],
] as const)('%s', ([text, holding, others]) => {
  const holds = toCondition(text);
  expect(holding.map(holds)).toEqual(holding.map(() => true));
  expect(others.map(holds)).toEqual(others.map(() => false));
});

test.for([
  '',
  'available',
  'available<',
  'available<-1',
  'available<1.5',
  'available=<1',
  'available!=1',
  'available<10 and more',
  'units<10',
  '10>available',
  'available<9007199254740992',
])('no condition: %s', (text) => {
  expect(() => toCondition(text)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(`got '${text}'`) }),
  );
});

test.for(['available<0', 'available>9007199254740991'])(
  'one that never holds is refused, not waited for: %s',
  (text) => {
    expect(() => toCondition(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('never holds') }),
    );
  },
);

test('one that can only hold at an end is none of those', () => {
  expect(toCondition('available<=0')(0)).toBe(true);
  expect(toCondition('available>=9007199254740991')(Number.MAX_SAFE_INTEGER)).toBe(true);
});
