import { expect, test } from 'vitest';
import { OK } from '../../src/protocol/encoder.ts';
import { answerTo, newCaller } from './support/caller.ts';

test('SELECT has one database, and says of others what Redis says', () => {
  for (const index of ['0', '00']) expect(answerTo(newCaller(), 'SELECT', index)).toBe(OK);
  for (const index of ['1', '15', '-1', '99999999999999999999']) {
    expect(answerTo(newCaller(), 'SELECT', index)).toMatchObject({
      code: 'ERR',
      message: 'DB index is out of range',
    });
  }
  for (const index of ['', 'a', '0x0', '1.5']) {
    expect(answerTo(newCaller(), 'SELECT', index)).toMatchObject({
      code: 'ERR',
      message: 'value is not an integer or out of range',
    });
  }
});

test('READONLY and READWRITE change nothing', () => {
  expect(answerTo(newCaller(), 'READONLY')).toBe(OK);
  expect(answerTo(newCaller(), 'READWRITE')).toBe(OK);
});

test('TIME is the time of the shop, by which holds end, in seconds and microseconds', () => {
  const at = (now: number) => {
    const caller = newCaller();
    return newCaller({ service: { ...caller.service, shopTime: () => now } });
  };
  expect(answerTo(at(1_795_640_374_812), 'TIME')).toEqual(['1795640374', '812000']);
  expect(answerTo(at(9), 'TIME')).toEqual(['0', '9000']);
});
