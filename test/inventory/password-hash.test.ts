import { scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  BadPasswordHash,
  credentialOf,
  hashPassword,
  isPasswordOf,
  parsePasswordHash,
  workOf,
} from '../../src/inventory/password-hash.ts';

const SALT = 'aM15713r3Xsvxbi31lqr1Q';
const KEY = 'nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E';
const CHEAP = { ln: 4, r: 8, p: 1 };

describe('a hash in the PHC string format', () => {
  test('that another program made checks its password (the example of passlib)', async () => {
    const parsed = parsePasswordHash(`$scrypt$ln=16,r=8,p=1$${SALT}$${KEY}`);
    expect(parsed).toMatchObject({ ln: 16, r: 8, p: 1 });
    expect(await isPasswordOf('password', parsed)).toBe(true);
    expect(await isPasswordOf('Password', parsed)).toBe(false);
  });

  test('that is made here has a salt of its own, and is what scrypt says', async () => {
    const [one, other] = [await hashPassword('p', CHEAP), await hashPassword('p', CHEAP)];
    expect(one).not.toBe(other);
    const { salt, hash, ...cost } = parsePasswordHash(one as string);
    expect([salt.length, hash.length, cost]).toEqual([16, 32, CHEAP]);
    expect(hash).toEqual(scryptSync('p', salt, 32, { N: 16, r: 8, p: 1 }));
  });

  test('costs what it says: the usual one is ln=14,r=8,p=1', async () => {
    const usual = await hashPassword('p');
    expect(usual).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(workOf(parsePasswordHash(usual))).toBe(2 ** 17);
  });

  test('may have a salt and a hash of other lengths', async () => {
    const salt = Buffer.alloc(8, 7);
    const key = scryptSync('p', salt, 64, { N: 16, r: 8, p: 1 });
    const text = [salt, key].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
    const parsed = parsePasswordHash(`$scrypt$ln=4,r=8,p=1$${text.join('$')}`);
    expect(await isPasswordOf('p', parsed)).toBe(true);
    expect(await isPasswordOf('q', parsed)).toBe(false);
  });
});

test.for([
  ['wonderland', /is no scrypt hash/],
  ['', /is no scrypt hash/],
  [`$argon2id$v=19$m=65536,t=3,p=4$${SALT}$${KEY}`, /is no scrypt hash/],
  [`$scrypt$ln=14,r=8,p=1$${SALT}`, /is no scrypt hash/],
  [`$scrypt$ln=14,r=8,p=1$${SALT}$${KEY}=`, /is no scrypt hash/],
  [`$scrypt$ln=14,r=8,p=1$${SALT}$${KEY}\n`, /is no scrypt hash/],
  [`$scrypt$ln=14,r=8$${SALT}$${KEY}`, /is no scrypt hash/],
  [`$scrypt$r=8,ln=14,p=1$${SALT}$${KEY}`, /is no scrypt hash/],
  [`$scrypt$ln=014,r=8,p=1$${SALT}$${KEY}`, /is no scrypt hash/],
  [`$scrypt$ln=0,r=8,p=1$${SALT}$${KEY}`, /is no scrypt hash/],
  [`$scrypt$ln=14,r=8,p=1$${SALT}$_${KEY.slice(1)}`, /is no base64/],
  // The last character of a base64 text has bits that stand for nothing.
  [`$scrypt$ln=14,r=8,p=1$${SALT.slice(0, -1)}R$${KEY}`, /a salt that is no base64/],
  [`$scrypt$ln=14,r=8,p=1$AAAA$${KEY}`, /a salt of 3 bytes; there must be 8 to 64/],
  [`$scrypt$ln=14,r=8,p=1$${SALT}$AAAA`, /a hash of 3 bytes; there must be 16 to 64/],
  // Seconds, and gigabytes.
  [`$scrypt$ln=20,r=8,p=1$${SALT}$${KEY}`, /a cost of ln=20,r=8,p=1: .* too long/],
  [`$scrypt$ln=14,r=8,p=9$${SALT}$${KEY}`, /too long/],
  [`$scrypt$ln=999,r=1,p=1$${SALT}$${KEY}`, /too long/],
  [`$scrypt$ln=1,r=1,p=999999999$${SALT}$${KEY}`, /too long/],
  [`$scrypt$ln=16,r=1,p=1$${SALT}$${KEY}`, /which scrypt does not have/],
] as const)('%s is refused, and nothing of it is told', ([text, message]) => {
  let thrown: unknown;
  try {
    parsePasswordHash(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(BadPasswordHash);
  expect((thrown as Error).message).toMatch(message);
  expect((thrown as Error).message).not.toMatch(/wonderland|aM15|nFNh/);
});

test.for(['ln=17,r=8,p=1', 'ln=16,r=8,p=2', 'ln=14,r=8,p=5', 'ln=13,r=8,p=10', 'ln=4,r=8,p=1'])(
  'a cost of %s is taken',
  (cost) => {
    expect(() => parsePasswordHash(`$scrypt$${cost}$${SALT}$${KEY}`)).not.toThrow();
  },
);

test('a credential names a hash, tells none of it, and is another one for each salt', async () => {
  const [one, other] = [await hashPassword('p', CHEAP), await hashPassword('p', CHEAP)];
  expect(credentialOf(one)).toMatch(/^[\w-]{22}$/);
  expect(credentialOf(one)).toBe(credentialOf(one));
  expect(credentialOf(one)).not.toBe(credentialOf(other));
});
