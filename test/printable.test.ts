import { expect, test } from 'vitest';
import { printable } from '../src/printable.ts';

test.each([
  ['an escape sequence', '\u001b[31mred', '\ufffd[31mred'],
  ['a title sequence', '\u001b]0;title\u0007', '\ufffd]0;title\ufffd'],
  ['line ends and tabs', 'a\r\nb\tc', 'a\ufffd\ufffdb\ufffdc'],
  ['DEL and C1', 'a\u007fb\u009b31mc', 'a\ufffdb\ufffd31mc'],
  ['a line separator', 'a\u2028b', 'a\ufffdb'],
  ['marks that turn text around', 'a\u202eb\u2066c\u200fd', 'a\ufffdb\ufffdc\ufffdd'],
])('%s is shown and does nothing', (_name, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each(['Concert ticket, front row', 'Größe M', '音楽会 🎟️', '👩‍👩‍👧'])(
  '%s stays as it is',
  (text) => {
    expect(printable(text)).toBe(text);
  },
);
