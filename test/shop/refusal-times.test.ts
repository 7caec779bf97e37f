/** When an order was refused: by the server's clock, however often it is asked, and however wrong this machine's is. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PASSWORDS } from '../support/in-process.ts';
import { newPlace, newShop } from './support/place.ts';
import { realServer } from './support/servers.ts';

const at = newPlace(() => realServer());
const TOO_MANY = [{ upc: 1001, qty: 51 }];
const HOUR = 3_600_000;

beforeEach(async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
});

afterEach(() => {
  vi.useRealTimers();
});

/** What a program is told of the refusal, by a client whose clock is off by so much. */
async function refusal(ask: () => Promise<unknown>, off = 0) {
  if (off !== 0) vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + off });
  const error = await ask()
    .then(() => null)
    .catch((error) => error);
  vi.useRealTimers();
  return error.details as { at: string; replayed: boolean };
}

test.each([
  ['a purchase', 'x', () => newShop(at).purchase(TOO_MANY, 'x')],
  ['a hold', 'h', () => newShop(at).hold(TOO_MANY, 60, 'h')],
] as const)(
  '%s that is refused is told with the same time at first and again',
  async (_, order, ask) => {
    const first = await refusal(ask);
    const again = await refusal(ask, 3 * HOUR);
    expect(first).toMatchObject({ replayed: false, order });
    expect(again).toEqual({ ...first, replayed: true });
  },
);

test('a refusal of an order without an id is told with the time by which the server lists it', async () => {
  const { at: time } = await refusal(() => newShop(at).purchase(TOO_MANY));
  const [listed] = await newShop(at).orders(1, null);
  expect(new Date(listed?.at as number).toISOString()).toBe(time);
});
