import { expect, test } from 'vitest';
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

test.for([
  'postgres://user@host/database',
  'postgres://h:5432/inv is away: ask dana@example.org',
  'no address: u:p@h',
])('%s stays as it is', (text) => {
  expect(withoutPasswords(text)).toBe(text);
});
