import { expect, test } from 'vitest';
import { LoginEnds } from '../../src/inventory/login-ends.ts';

test('a login has ended when its user’s logins were ended after it was made', () => {
  const ends = new LoginEnds([{ user: 'alice', number: 5 }]);
  ends.add([{ user: 'bob', number: 7 }]);
  expect(ends.last).toBe(7);
  const made = (user: string, madeAfter?: number) =>
    ends.have({ user, ...(madeAfter === undefined ? {} : { madeAfter }) });
  expect(made('alice', 4)).toBe(true);
  expect(made('alice', 5)).toBe(false);
  expect(made('bob', 5)).toBe(true);
  expect(made('bob', 7)).toBe(false);
  expect(made('carol', 0)).toBe(false);
  // One that does not say so was made before all ends.
  expect(made('alice')).toBe(true);
  expect(new LoginEnds().have({ user: 'alice' })).toBe(false);
});
