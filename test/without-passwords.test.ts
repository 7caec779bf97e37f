import { describe, expect, test } from 'vitest';
import { withoutPasswords } from '../src/without-passwords.ts';

test.for([
  ['cannot read postgres://u:PW@h/inv: why', 'cannot read postgres://u@h/inv: why'],
  ['/home/you/postgres:/u:PW@h/inv', '/home/you/postgres:/u@h/inv'],
  ['postgresql://u:P@W:/x@h:5432/inv?a=b', 'postgresql://u@h:5432/inv?a=b'],
  ['POSTGRES://:PW@h/inv', 'POSTGRES://@h/inv'],
  ['postgres://h/inv?password=PW&a=b', 'postgres://h/inv?password=…&a=b'],
  [
    'two: postgres://a:PW@h/x and postgres://b:PW@i/y',
    'two: postgres://a@h/x and postgres://b@i/y',
  ],
])('%s', ([text, shown]) => {
  expect(withoutPasswords(text as string)).toBe(shown);
});

describe('with a blank in it, a password is known from what was typed', () => {
  test.for([
    ['cannot read postgres://u:P W@h/inv: why', 'cannot read postgres://u@h/inv: why'],
    ["not 'postgres://u:P W@h/inv'", "not 'postgres://u@h/inv'"],
    ['/home/you/postgres:/u:P W@h/inv and x@y', '/home/you/postgres:/u@h/inv and x@y'],
    ['x postgres://a b:P @W @h:5432/inv', 'x postgres://a b@h:5432/inv'],
    ['POSTGRES://:12 34@h/inv', 'POSTGRES://@h/inv'],
    [
      'no postgres://h/inv?a=b&password=P W&c=d: why',
      'no postgres://h/inv?a=b&password=…&c=d: why',
    ],
    ['no postgres://h/inv?password=P W: why', 'no postgres://h/inv?password=… why'],
  ])('%s', ([text = '', shown]) => {
    const [typed = ''] = /postgres:\/[^']*?(@h[^ ':]*|(?<=P W)(&c=d)?(?=:))/i.exec(text) ?? [];
    expect(withoutPasswords(text, ['serve', `--data=${typed}`])).toBe(shown);
    expect(withoutPasswords(text, [typed])).toBe(shown);
  });

  test('and all else stays as it is', () => {
    const text = 'postgres://h:5432/inv is away: ask dana@example.org';
    expect(withoutPasswords(text, ['postgres://u:P W@h/inv', 'postgres://u: @h'])).toBe(text);
  });
});

test.for([
  'postgres://user@host/database',
  'postgres://h:5432/inv is away: ask dana@example.org',
  'no address: u:p@h',
])('%s stays as it is', (text) => {
  expect(withoutPasswords(text)).toBe(text);
});
