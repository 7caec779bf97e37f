import { expect, test } from 'vitest';
import { timeLeft, toSeconds } from '../../../src/shop/terminal/duration.ts';

test.each([
  ['1', 1],
  ['90', 90],
  ['90s', 90],
  ['10m', 600],
  ['10M', 600],
  ['2h', 7_200],
  ['024h', 86_400],
  ['86400', 86_400],
])('%s are %i seconds', (word, seconds) => {
  expect(toSeconds(word)).toBe(seconds);
});

test.each(['', 'm', '1.5h', '-1', '+1', ' 1', '1 m', '10min', '1h30m', '1e3', '0x10', '١', '1d'])(
  '%j is no time, and it is said what is one',
  (word) => {
    expect(() => toSeconds(word)).toThrow(
      expect.objectContaining({
        ...{ code: 'USAGE', exit: 2 },
        message: `a time is a whole number with s, m or h behind it, such as 90s, 10m or 2h; got '${word}'`,
      }),
    );
  },
);

test('a time that would do something to a terminal is shown', () => {
  expect(() => toSeconds('\u001b[2J')).toThrow("got '\ufffd[2J'");
});

test.each(['0', '0m', '86401', '25h', '999999999h'])('%s is too short or too long', (word) => {
  expect(() => toSeconds(word)).toThrow(`units can be held for 1s to 24h, not for '${word}'`);
});

test.each([
  [-1, 'none'],
  [0, 'none'],
  [1, '1 s'],
  [59_000, '59 s'],
  [59_999, '59 s'],
  [600_999, '10 min'],
  [598_000, '9 min 58 s'],
  [600_000, '10 min'],
  [3_600_000, '1 h'],
  [7_510_000, '2 h 5 min'],
])('%i ms are %s', (left, text) => {
  expect(timeLeft(1_000_000 + left, 1_000_000)).toBe(text);
});
