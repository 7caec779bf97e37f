import { expect, test } from 'vitest';
import { parseHttpAddress, WrongHttpAddress } from '../../src/http/http-address.ts';

test.for([
  ['8080', '127.0.0.1', 8080],
  ['0', '127.0.0.1', 0],
  ['0.0.0.0:65535', '0.0.0.0', 65_535],
  ['shop.example:80', 'shop.example', 80],
  ['[::1]:8080', '::1', 8080],
  ['[fe80::1%eth0]:8080', 'fe80::1%eth0', 8080],
] as const)('%s is a place to listen', ([text, host, port]) => {
  expect(parseHttpAddress(text)).toEqual({ host, port });
});

test.for([
  '',
  ':8080',
  '::1:8080',
  '[::1]',
  '65536',
  'localhost',
  'a b:80',
  'http://x:80',
  '-1',
  '8080 ',
])("'%s' is none", (text) => {
  expect(() => parseHttpAddress(text)).toThrow(WrongHttpAddress);
  expect(() => parseHttpAddress(text)).toThrow(`not '${text}'`);
});
