/**
 * Checks passwords without holding up the sale: scrypt runs on Node's thread pool, a few at a time,
 * and who guesses waits longer with each wrong guess.
 */
import { hash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { effortOf, isPasswordOf, spend } from '../inventory/password-hash.ts';
import { MAX_USER_NAME_LENGTH } from '../inventory/user-limits.ts';
import type { Credentials } from '../protocol/argument-checks.ts';
import type { KnownUser, UsersInForce } from './users-in-force.ts';

/** Threads of Node's pool that hash at once; the other half of the pool stays free. */
const MAX_HASHES_AT_ONCE = 2;

/** Password checks that wait for a thread: at 40 ms each (the usual cost) on two threads, the last one waits 20 s. */
export const MAX_WAITING_LOGINS = 1_000;
/** Limit per user and address, so that one guesser cannot fill the queue of everybody. */
export const MAX_WAITING_LOGINS_OF_USER = 100;
/** Limit per address, so that one machine that guesses at many users leaves places to the others. Half: many users may come through one proxy. */
export const MAX_WAITING_LOGINS_OF_ADDRESS = MAX_WAITING_LOGINS / 2;

/** The pause after a wrong password doubles from here with each one of that user from that address … */
export const FIRST_WRONG_PASSWORD_DELAY_MS = 100;
/** … up to here … */
export const MAX_WRONG_PASSWORD_DELAY_MS = 10_000;
/** … and is forgotten after this time without a wrong password. */
export const FORGET_FAILURES_MS = 60_000;
/** Addresses whose failures are remembered: the memory of a server under attack stays bounded. */
const MAX_REMEMBERED_FAILURES = 10_000;

interface Failures {
  count: number;
  last: number;
}

export class Passwords {
  /** Wrong passwords and unknown users since the start. */
  failures = 0;
  readonly #users: UsersInForce;
  readonly #key = randomBytes(32).toString('base64url');
  readonly #failures = new Map<string, Failures>();
  /** Who waits for a thread, by user and address. These queues take turns, and the first in the map is next. */
  readonly #queues = new Map<string, (() => void)[]>();
  #waiting = 0;
  /** How many of them, by address. */
  readonly #waitingFrom = new Map<string, number>();
  readonly #stopped = new AbortController();
  #running = 0;

  constructor(users: UsersInForce) {
    this.#users = users;
  }

  /** Lets nobody wait any more for the reply to a wrong password: the server stops. */
  stop(): void {
    this.#stopped.abort();
  }

  knows(name: string): boolean {
    return this.#users.find(name) !== undefined;
  }

  /** Whether another check would wait too long, whoever asks for it. */
  get full(): boolean {
    return this.#waiting >= MAX_WAITING_LOGINS;
  }

  /** Whether this check would wait too long; the login is then answered BUSY. */
  isFull(credentials: Credentials, address: string): boolean {
    if (this.#known(credentials) !== null) return false;
    if ((this.#waitingFrom.get(address) ?? 0) >= MAX_WAITING_LOGINS_OF_ADDRESS) return true;
    const queue = this.#queues.get(this.#queueOf(credentials, address));
    return this.full || (queue?.length ?? 0) >= MAX_WAITING_LOGINS_OF_USER;
  }

  /**
   * The user whose name and password these are, or null. That they are wrong is told only after a
   * pause that grows with the failures of that user from that address; nobody else waits for it.
   * Nothing is checked for a client that is gone when its turn comes, as `isThere` tells. `onPause` is
   * called when the pause begins.
   */
  async check(
    credentials: Credentials,
    address: string,
    isThere: () => boolean = () => true,
    onPause: () => void = () => undefined,
  ): Promise<KnownUser | null> {
    const user = await this.#find(credentials, address, isThere);
    // No user's name is longer, and a stranger's may be as long as a request.
    const source = `${address} ${credentials.user.slice(0, MAX_USER_NAME_LENGTH)}`;
    if (user !== null) this.#failures.delete(source);
    else if (isThere()) {
      this.failures++;
      onPause();
      await this.#pause(this.#delayAfterFailure(source));
    }
    return user;
  }

  async #find(
    credentials: Credentials,
    address: string,
    isThere: () => boolean,
  ): Promise<KnownUser | null> {
    const known = this.#known(credentials);
    if (known !== null) return known;
    await this.#turn(this.#queueOf(credentials, address), address);
    try {
      // Somebody else may have had the same right password checked meanwhile.
      const checked = this.#known(credentials);
      if (checked !== null) return checked;
      return isThere() ? await this.#hashed(credentials) : null;
    } finally {
      this.#endTurn();
    }
  }

  /** A wrong password takes as long as the costliest user's, whoever's it is: time does not tell who exists. */
  async #hashed({ user: name, password }: Credentials): Promise<KnownUser | null> {
    const { decoy } = this.#users;
    const user = this.#users.find(name);
    const right = await isPasswordOf(password, user?.hash ?? decoy);
    if (user === undefined) return null;
    if (!right) {
      await spend(effortOf(decoy) - effortOf(user.hash), decoy);
      return null;
    }
    // Removed, or given another password, while this one was checked.
    if (!user.isInForce) return null;
    user.verified = this.#digest(password);
    return user;
  }

  /** The user, when this very password was right before: a client that reconnects need not pay again. */
  #known({ user: name, password }: Credentials): KnownUser | null {
    const user = this.#users.find(name);
    if (user === undefined || user.verified === null) return null;
    return user.verified === this.#digest(password) ? user : null;
  }

  #digest(password: string): string {
    return hash('sha256', `${this.#key} ${password}`, 'base64url');
  }

  /** Each user has a queue for each address; names that are nobody's share one, so that inventing names gains nothing. */
  #queueOf({ user }: Credentials, address: string): string {
    return this.#users.find(user) === undefined ? address : `${address} ${user}`;
  }

  async #turn(queue: string, address: string): Promise<void> {
    if (this.#running < MAX_HASHES_AT_ONCE) {
      this.#running++;
      return;
    }
    this.#waitingFrom.set(address, (this.#waitingFrom.get(address) ?? 0) + 1);
    await new Promise<void>((resolve) => {
      const waiting = this.#queues.get(queue);
      if (waiting === undefined) this.#queues.set(queue, [resolve]);
      else waiting.push(resolve);
      this.#waiting++;
    });
    const left = (this.#waitingFrom.get(address) as number) - 1;
    if (left === 0) this.#waitingFrom.delete(address);
    else this.#waitingFrom.set(address, left);
  }

  /** The thread goes to the first of the queue whose turn it is, if there is one; that queue then goes to the end. */
  #endTurn(): void {
    const [first] = this.#queues;
    if (first === undefined) {
      this.#running--;
      return;
    }
    const [queue, waiting] = first;
    const next = waiting.shift();
    this.#queues.delete(queue);
    if (waiting.length > 0) this.#queues.set(queue, waiting);
    this.#waiting--;
    next?.();
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    await delay(milliseconds, undefined, { ref: false, signal }).catch(() => undefined);
  }

  #delayAfterFailure(source: string): number {
    const now = performance.now();
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
