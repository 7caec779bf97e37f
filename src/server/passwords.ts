/**
 * Checks passwords without holding up the sale: scrypt runs on Node's thread pool, a few at a time,
 * and who guesses waits longer with each wrong guess.
 */
import { hash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { USERS, type User } from '../inventory/users.ts';
import type { Credentials } from '../protocol/verbs.ts';

/** About 40 ms and 16 MB a try; the hashes in inventory/users.ts were made with it. */
const SCRYPT_COST = { N: 16_384, r: 8, p: 1 };

/** Threads of Node's pool that hash at once; the other half of the pool stays free. */
const MAX_HASHES_AT_ONCE = 2;

/** Password checks that wait for a thread: at 40 ms each on two threads, the last one waits 20 s. */
export const MAX_WAITING_LOGINS = 1_000;

/** The pause after a wrong password doubles from here with each one of that user from that address … */
export const FIRST_WRONG_PASSWORD_DELAY_MS = 100;
/** … up to here … */
export const MAX_WRONG_PASSWORD_DELAY_MS = 10_000;
/** … and is forgotten after this time without a wrong password. */
export const FORGET_FAILURES_MS = 60_000;
/** Addresses whose failures are remembered: the memory of a server under attack stays bounded. */
const MAX_REMEMBERED_FAILURES = 10_000;

/** The unknown user's salt and hash: checking against them takes as long as checking a real user's. */
const NOBODY: User = {
  name: '',
  salt: 'qZZYFG5E-S8gtTPPUR-mlg',
  hash: 'sLnlgiO0dFYqiLmuF3A92vLJqiogAGP07LtnjdL96S8',
};

interface Failures {
  count: number;
  last: number;
}

export class Passwords {
  readonly #users = new Map(USERS.map((user) => [user.name, user]));
  /** Keyed digests of passwords that were right before: a client that reconnects need not pay again. */
  readonly #verified = new Map<string, string>();
  readonly #key = randomBytes(32).toString('base64url');
  readonly #failures = new Map<string, Failures>();
  readonly #waiting: (() => void)[] = [];
  readonly #stopped = new AbortController();
  #running = 0;

  /** Lets nobody wait any more for the reply to a wrong password: the server stops. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Whether another check would wait too long; the login is then answered BUSY. */
  get full(): boolean {
    return this.#waiting.length >= MAX_WAITING_LOGINS;
  }

  /**
   * Whether the password (a wire string) is that of the user. A wrong one is told only after a
   * pause that grows with the failures of that user from that address; nobody else waits for it.
   */
  async check({ user, password }: Credentials, address: string): Promise<boolean> {
    const right = await this.#isRight(user, password);
    const source = `${address} ${user}`;
    if (right) this.#failures.delete(source);
    else await this.#pause(this.#delayAfterFailure(source));
    return right;
  }

  async #isRight(name: string, password: string): Promise<boolean> {
    const user = this.#users.get(name);
    const digest = hash('sha256', `${this.#key} ${password}`, 'base64url');
    if (user !== undefined && this.#verified.get(name) === digest) return true;
    const { salt, hash: expected } = user ?? NOBODY;
    const actual = await this.#scrypt(password, Buffer.from(salt, 'base64url'));
    const right = timingSafeEqual(actual, Buffer.from(expected, 'base64url'));
    if (!right || user === undefined) return false;
    this.#verified.set(name, digest);
    return true;
  }

  async #scrypt(password: string, salt: Buffer): Promise<Buffer> {
    if (this.#running >= MAX_HASHES_AT_ONCE) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        scrypt(Buffer.from(password, 'latin1'), salt, 32, SCRYPT_COST, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      });
    } finally {
      // The place goes to the next in line, if there is one.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    await delay(milliseconds, undefined, { ref: false, signal }).catch(() => undefined);
  }

  #delayAfterFailure(source: string): number {
    const now = Date.now();
    const known = this.#failures.get(source);
    const count =
      known !== undefined && now - known.last < FORGET_FAILURES_MS ? known.count + 1 : 1;
    // Taken out first, so that the oldest stands first in the map.
    this.#failures.delete(source);
    this.#failures.set(source, { count, last: now });
    if (this.#failures.size > MAX_REMEMBERED_FAILURES) {
      this.#failures.delete(this.#failures.keys().next().value as string);
    }
    return Math.min(FIRST_WRONG_PASSWORD_DELAY_MS * 2 ** (count - 1), MAX_WRONG_PASSWORD_DELAY_MS);
  }
}
