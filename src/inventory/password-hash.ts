/**
 * Hashes of passwords as texts: scrypt in the PHC string format, `$scrypt$ln=14,r=8,p=1$SALT$HASH`, base64
 * without padding. The text alone says how a password is checked, so that the cost can differ from user to
 * user and grow over the years.
 */
import { hash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { NamedError } from '../named-error.ts';

/** What a check costs: it takes time in proportion to 2^ln·r·p, and 128·2^ln·r bytes of memory. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

export interface PasswordHash extends ScryptCost {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** A text that is no hash, or a hash whose check would be too costly. The message never holds any of the text. */
export class BadPasswordHash extends NamedError {}

/** About 40 ms and 16 MB a check. */
export const USUAL_COST: ScryptCost = { ln: 14, r: 8, p: 1 };

/** 2^ln·r·p at most: about 0.4 s. The usual cost is 2^17. */
const MAX_WORK = 2 ** 20;
/** 128 MiB. Two checks run at once. */
const MAX_MEMORY_BYTES = 2 ** 27;
/** Bytes of a salt and of a hash, at least and at most. */
const SALT_BYTES = [8, 64] as const;
const HASH_BYTES = [16, 64] as const;

const FORMAT =
  /^\$scrypt\$ln=([1-9]\d{0,2}),r=([1-9]\d{0,8}),p=([1-9]\d{0,8})\$([\w+/]+)\$([\w+/]+)$/;

/** Throws BadPasswordHash. */
export function parsePasswordHash(text: string): PasswordHash {
  const [matched, ln, r, p, salt, key] = FORMAT.exec(text) ?? [];
  if (matched === undefined) {
    throw new BadPasswordHash('is no scrypt hash, as in "$scrypt$ln=14,r=8,p=1$SALT$HASH"');
  }
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (workOf(cost) > MAX_WORK) {
    throw new BadPasswordHash(
      `has a cost of ${shownCost(cost)}: one login would take too long; at most ln=17,r=8,p=1`,
    );
  }
  if (memoryOf(cost) > MAX_MEMORY_BYTES) {
    throw new BadPasswordHash(
      `has a cost of ${shownCost(cost)}: one login would take too much memory; at most ln=17,r=8,p=1`,
    );
  }
  if (cost.ln >= 16 * cost.r)
    throw new BadPasswordHash(`has a cost of ${shownCost(cost)}, which scrypt does not have`);
  return {
    ...cost,
    salt: bytesOf(salt as string, 'salt', SALT_BYTES),
    hash: bytesOf(key as string, 'hash', HASH_BYTES),
  };
}

function bytesOf(text: string, what: string, [least, most]: readonly [number, number]): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (toBase64(bytes) !== text) throw new BadPasswordHash(`has a ${what} that is no base64`);
  if (bytes.length < least || bytes.length > most) {
    throw new BadPasswordHash(
      `has a ${what} of ${bytes.length} bytes; there must be ${least} to ${most}`,
    );
  }
  return bytes;
}

/** The hash of a password (prepared, see password-text.ts), with a salt of its own. */
export async function hashPassword(password: string, cost = USUAL_COST): Promise<string> {
  const salt = randomBytes(16);
  const key = await scryptOf(password, salt, 32, cost);
  return `$scrypt$${shownCost(cost)}$${toBase64(salt)}$${toBase64(key)}`;
}

/** Whether this is the password (prepared, see password-text.ts). Runs on Node's thread pool. */
export async function isPasswordOf(password: string, expected: PasswordHash): Promise<boolean> {
  const { salt, hash: key } = expected;
  return timingSafeEqual(await scryptOf(password, salt, key.length, expected), key);
}

/** 2^ln·r·p, to which the time of a check is in proportion. */
export function workOf({ ln, r, p }: ScryptCost): number {
  return 2 ** ln * r * p;
}

function memoryOf({ ln, r, p }: ScryptCost): number {
  return 128 * r * 2 ** ln + 128 * r * (p - 1);
}

/**
 * How long a check takes, in proportion: to its work, and to the memory that it touches for the first time, which
 * takes about a third of what working with it once takes.
 */
export function effortOf({ ln, r, p }: ScryptCost): number {
  return 2 ** ln * r * (p + FIRST_TOUCH);
}

const FIRST_TOUCH = 0.3;

/** Takes as long as a check of this effort (see effortOf) with a table much as that of `like`. */
export async function spend(effort: number, like: ScryptCost): Promise<void> {
  // A quarter of the rows, so that the number of blocks in a row can be chosen finely.
  const ln = Math.max(1, like.ln - 2);
  const r = Math.round(effort / (1 + FIRST_TOUCH) / 2 ** ln);
  if (r > 0 && ln < 16 * r) await scryptOf('', SPENT_SALT, 32, { ln, r, p: 1 });
}

const SPENT_SALT = Buffer.alloc(16);

/** Names a hash without telling it: 132 bits of its SHA-256, in 22 characters of base64url. */
export function credentialOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

function scryptOf(password: string, salt: Buffer, length: number, cost: ScryptCost) {
  const { ln, r, p } = cost;
  // Node's own bound is 32 MiB; what may be asked is bounded where the hash is read.
  const options = { N: 2 ** ln, r, p, maxmem: 2 * MAX_MEMORY_BYTES };
  return new Promise<Buffer>((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function shownCost({ ln, r, p }: ScryptCost): string {
  return `ln=${ln},r=${r},p=${p}`;
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
