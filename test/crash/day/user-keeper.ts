/**
 * Keeps the users: guests are added, buy, have their logins ended and are removed again; customers get other
 * passwords. Whoever is out must be out with the next request.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../support/random.ts';
import { describe, type WireClient } from '../support/wire-client.ts';
import { Customer } from './customer.ts';
import type { DayBook } from './day-book.ts';
import { holdAndReturn } from './holders.ts';
import type { Operator } from './operator.ts';
import { hasCode, logIn, PAUSE_MS, type ShopDoor } from './shop-door.ts';

/** Servers read a changed file at once on SIGHUP, and within five seconds without it; a busy machine takes longer. */
const IN_FORCE_MS = 15_000;

export class UserKeeper {
  readonly #random: Random;
  readonly #book: DayBook;
  readonly #operator: Operator;
  readonly #door: ShopDoor;
  readonly #customers: readonly string[];
  #guests = 0;

  constructor(
    random: Random,
    book: DayBook,
    operator: Operator,
    door: ShopDoor,
    customers: readonly string[],
  ) {
    this.#random = random;
    this.#book = book;
    this.#operator = operator;
    this.#door = door;
    this.#customers = customers;
  }

  /** Everybody who buys all day; before the first server starts. */
  async open(): Promise<void> {
    for (const user of this.#customers) await this.#add(user);
  }

  async work(isOpen: () => boolean): Promise<void> {
    do {
      await this.#guest();
      if (isOpen()) await this.#changePassword(this.#random.pick(this.#customers));
      if (isOpen()) await this.#endLogins(this.#random.pick(this.#customers));
    } while (isOpen());
  }

  async #add(user: string): Promise<void> {
    const password = `secret of ${this.#random.word(8)}`;
    await this.#operator.onUsers(['add', user], password);
    this.#book.passwords.set(user, password);
    this.#book.counts.usersAdded++;
  }

  /** From being added to being removed, with orders between. */
  async #guest(): Promise<void> {
    const user = `guest${++this.#guests}`;
    await this.#add(user);
    this.#door.reload();
    await this.#until(`${user} can log in`, () => this.#enter(user));
    let steps = this.#random.between(2, 6);
    await new Customer(user, this.#random, this.#book, this.#door).shop(() => steps-- > 0);
    // What is held then ends by itself, when the guest is gone.
    steps = this.#random.between(1, 4);
    const isOpen = () => steps-- > 0;
    await holdAndReturn(user, this.#random, this.#book, this.#door, isOpen);
    if (this.#random.chance(0.5)) await this.#endLogins(user);
    await this.#remove(user);
  }

  async #enter(user: string): Promise<boolean> {
    const password = this.#book.passwords.get(user) as string;
    const epoch = this.#book.loginEpoch(user);
    const token = await this.#door.visit((client) => logIn(client, user, password));
    if (token !== null) this.#book.loggedIn(user, token, epoch);
    return token !== null;
  }

  async #remove(user: string): Promise<void> {
    if (!(await this.#enter(user))) this.#book.violation(`${user} cannot log in any more`);
    await this.#out(user, async () => {
      await this.#operator.onUsers(['remove', user]);
      this.#book.passwords.delete(user);
      this.#book.counts.usersRemoved++;
    });
  }

  async #changePassword(user: string): Promise<void> {
    await this.#out(user, async () => {
      const password = `secret of ${this.#random.word(8)}`;
      await this.#operator.onUsers(['password', user], password);
      this.#book.passwords.set(user, password);
      this.#book.counts.passwordsChanged++;
    });
  }

  /** Waits until the server has taken the change, and sees that nothing of before lets anybody in. */
  async #out(user: string, change: () => Promise<void>): Promise<void> {
    const former = this.#book.passwords.get(user) as string;
    const tokens = this.#book.beginEnding(user);
    await change();
    this.#door.reload();
    await this.#until(`${user} is out`, () =>
      this.#door.visit(async (client) => (await logIn(client, user, former)) === null),
    );
    this.#book.formerPasswords.push({ user, password: former });
    await this.#checkEnded(user, tokens);
  }

  async #endLogins(user: string): Promise<void> {
    const tokens = this.#book.beginEnding(user);
    const password = this.#book.passwords.get(user) as string;
    // A connection with AUTH has no token, and is out all the same.
    await this.#door.visit(async (client) => {
      const before = await client.send('AUTH', user, password);
      const { code, errors } = await this.#operator.onData(['logins', '--end', user]);
      if (code !== 0) this.#book.violation(`logins --end ${user} exited ${code}: ${errors}`);
      const after = await client.send('WHOAMI');
      if (before === 'OK' && hasCode(after, 'NOAUTH')) return;
      const told = `${describe(before)}, and when it was ended ${describe(after)}`;
      this.#book.violation(`AUTH of ${user} was answered ${told}`);
    });
    this.#book.counts.loginsEnded++;
    await this.#checkEnded(user, tokens);
  }

  async #checkEnded(user: string, tokens: readonly string[]): Promise<void> {
    for (const token of tokens) {
      this.#book.endedTokens.add(token);
      await this.#door.visit((client) => checkEnded(this.#book, client, token));
    }
    this.#book.finishEnding(user);
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + IN_FORCE_MS; !(await isSo()); await pause(PAUSE_MS)) {
      if (Date.now() < end) continue;
      this.#book.violation(`not within ${IN_FORCE_MS} ms: ${what}`);
      return;
    }
  }
}

/** A login that was ended stays ended. */
export async function checkEnded(book: DayBook, client: WireClient, token: string): Promise<void> {
  const reply = await client.send('RESUME', token);
  if (!hasCode(reply, 'NOSESSION')) {
    book.violation(`an ended login was answered ${describe(reply)}`);
  }
}
