import { describe, expect, test } from 'vitest';
import {
  MAX_LINES,
  toAddress,
  toLines,
  toOrderId,
  toOrdersCount,
  toPositive,
} from '../../../src/shop/terminal/input.ts';

const USAGE = expect.objectContaining({ code: 'USAGE', exit: 2 });

test.each([
  ['1', 1],
  ['0012', 12],
  ['9007199254740991', 9007199254740991],
  ['0', null],
  ['-1', null],
  ['+1', null],
  ['1.5', null],
  ['1e3', null],
  ['0x10', null],
  ['9007199254740992', null],
  ['99999999999999999', null],
  ['', null],
  [' 1', null],
  ['١', null],
])('the number in %j is %j', (word, value) => {
  expect(toPositive(word)).toBe(value);
});

describe('the lines of an order', () => {
  test('pair the UPCs and the quantities in their order', () => {
    expect(toLines(['1002', '1001'], ['1', '2'])).toEqual([
      { upc: 1002, qty: 1 },
      { upc: 1001, qty: 2 },
    ]);
  });

  test('sum what is asked of the same UPC', () => {
    expect(toLines(['7', '8', '007'], ['1', '2', '3'])).toEqual([
      { upc: 7, qty: 4 },
      { upc: 8, qty: 2 },
    ]);
  });

  test.each([
    ['more UPCs than quantities', ['1', '2'], ['1']],
    ['more quantities than UPCs', ['1'], ['1', '2']],
    ['nothing', [], []],
    ['a zero', ['1'], ['0']],
    ['a negative quantity', ['1'], ['-1']],
    ['a UPC that is no number', ['abc'], ['1']],
    ['a sum over 2^53-1', ['1', '1'], ['9007199254740991', '1']],
  ])('refuse %s', (_name, upcs, quantities) => {
    expect(() => toLines(upcs, quantities)).toThrow(USAGE);
  });

  test('are as many as a command takes', () => {
    const ones = Array.from({ length: MAX_LINES }, (_, index) => String(index + 1));
    expect(toLines(ones, ones)).toHaveLength(MAX_LINES);
    expect(() => toLines([...ones, '9999'], [...ones, '1'])).toThrow(USAGE);
  });

  test('do not print control characters back', () => {
    expect(() => toLines(['\u001b[2J'], ['1'])).toThrow("got '\ufffd[2J'");
  });
});

test('an order id is printable, without spaces, and not too long', () => {
  expect(toOrderId('birthday-2026')).toBe('birthday-2026');
  expect(toOrderId('x'.repeat(64))).toHaveLength(64);
  for (const bad of ['', 'a b', 'a\n', 'ä', 'x'.repeat(65)]) {
    expect(() => toOrderId(bad)).toThrow(USAGE);
  }
});

test('a count of orders is from 1 to 1000', () => {
  expect([toOrdersCount('1'), toOrdersCount('1000')]).toEqual([1, 1000]);
  for (const bad of ['0', '1001', 'many']) expect(() => toOrdersCount(bad)).toThrow(USAGE);
});

describe('an address', () => {
  test.each([
    ['localhost', '5050', { host: 'localhost', port: 5050 }],
    ['Shop.Example', '1', { host: 'shop.example', port: 1 }],
    ['[::1]', '65535', { host: '::1', port: 65535 }],
  ])('%s %s', (host, port, address) => {
    expect(toAddress(host, port)).toEqual(address);
  });

  test.each([
    ['localhost', '0'],
    ['localhost', '65536'],
    ['localhost', 'http'],
    ['', '5050'],
    ['a b', '5050'],
    ['http://localhost', '5050'],
    ['\u001b[2J', '5050'],
  ])('%j %j is none', (host, port) => {
    expect(() => toAddress(host, port)).toThrow(USAGE);
  });
});
