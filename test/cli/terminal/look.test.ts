import { expect, test } from 'vitest';
import { inLook, isPlain } from '../../../src/cli/terminal/look.ts';

test.each([
  [{}, false],
  [{ TERM: 'xterm-256color' }, false],
  [{ TERM: 'dumb' }, true],
  [{ LC_ALL: 'C' }, true],
  [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C' }, true],
  [{ LANG: 'C', LC_ALL: 'C.UTF-8' }, false],
  [{ LANG: 'C', LC_CTYPE: 'en_US.utf8' }, false],
  [{ LC_ALL: '', LANG: 'en_US.UTF-8' }, false],
  [{ LANG: 'de_DE.ISO-8859-1@euro' }, true],
  [{ LANG: 'de_DE' }, false],
  [{ INV_PLAIN: '1' }, true],
  [{ INV_PLAIN: '0', TERM: 'xterm' }, false],
])('%j is plain: %j', (env, plain) => {
  expect(isPlain(env)).toBe(plain);
});

test('our own signs have their ASCII', () => {
  expect(inLook('20 × 1006 (Käse) · more…', true)).toBe('20 x 1006 (Käse) - more...');
  expect(inLook('20 × 1006', false)).toBe('20 × 1006');
});
