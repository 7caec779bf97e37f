import { describe, expect, test } from 'vitest';
import { passwordFault, preparePassword } from '../src/password-text.ts';

describe('as OpaqueString of RFC 8265 has it', () => {
  // The examples of its section 4.3.
  test.for<[given: string, prepared: string]>([
    ['correct horse battery staple', 'correct horse battery staple'],
    ['Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    ['\u03c0\u00df\u00e5', '\u03c0\u00df\u00e5'],
    ['Jack of \u2666s', 'Jack of \u2666s'],
    ['foo\u1680bar', 'foo bar'],
  ])('%s', ([given, prepared]) => {
    expect(passwordFault(given)).toBeNull();
    expect(preparePassword(given)).toBe(prepared);
  });

  test('no password is empty, or has a tab', () => {
    expect(passwordFault('')).toBe('is not empty');
    expect(passwordFault('my cat is a \tby')).toMatch(/no control characters/);
  });
});

test('the same characters are one password, however they are composed; compatible ones are others', () => {
  expect(preparePassword('zoe\u0308')).toBe('zo\u00eb');
  expect(preparePassword('\u212b')).toBe('\u00c5');
  expect(preparePassword('\ufb01')).toBe('\ufb01');
  expect(preparePassword('  a  ')).toBe('  a  ');
});

test.for([
  ['wonderland\0', /no NUL/],
  ['\u007f', /no control characters/],
  ['\u009b31m', /no control characters/],
  ['\ud800', /is Unicode text/],
  ['x'.repeat(513), /at most 512 bytes/],
  ['\u00eb'.repeat(257), /at most 512 bytes/],
  ['x'.repeat(1_048_576), /at most 512 bytes/],
] as const)('%# is no password', ([password, fault]) => {
  expect(passwordFault(password)).toMatch(fault);
});

test('the bound counts what is compared', () => {
  expect(passwordFault('x'.repeat(512))).toBeNull();
  // 768 bytes as they were typed.
  expect(passwordFault('e\u0308'.repeat(256))).toBeNull();
});
