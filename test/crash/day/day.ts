/**
 * A day in a shop, played in a minute: customers buy, hold and give back, the operator restocks, changes users, ends logins and
 * makes backups, and the server is stopped and killed. Each evening `inv serve verify` and the independent count
 * must agree that all is there, once; and the last backup is restored in another place and served.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { BackupKeeper, checkServed, checkVerify } from './backups.ts';
import { writeCatalog } from './catalog.ts';
import { acknowledged, count } from './count.ts';
import { Customer } from './customer.ts';
import { type Count, DayBook } from './day-book.ts';
import { holdAndReturn } from './holders.ts';
import { Operator } from './operator.ts';
import { fileIn, newDatabase, type Place } from './place.ts';
import { ShopDoor } from './shop-door.ts';
import { StockKeeper } from './stock-keeper.ts';
import { checkEnded, UserKeeper } from './user-keeper.ts';

export interface DayOptions {
  readonly days: number;
  /** How long a day's load lasts; the evening comes on top of it. */
  readonly dayMs: number;
  readonly seed: number;
  readonly overPostgres: boolean;
  readonly progress?: (line: string) => void;
}

export interface Report {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<Count, number>>;
  readonly bought: number;
  readonly refused: number;
  /** Holds that were bought, and that ended without. */
  readonly confirmed: number;
  readonly gone: number;
  /** The folder with the data; it stays when something was wrong. */
  readonly folder: string;
}

const CUSTOMERS = ['ann', 'ben', 'cem', 'dan'];
const CONNECTIONS_OF_EACH = 3;

/** Who also holds units; twice on two connections at once. */
const HOLDERS = ['ann', 'ann', 'ben', 'cem'];

/** Between two restarts, at most. */
const LONGEST_SHIFT_MS = 5_000;

/** A short day on a busy machine goes on, without restarts, until so many orders were sent, and holds and returns. */
const LEAST_ORDERS = 300;
const LEAST_KEPT = 80;

type RunningServer = ServerProcess & { readonly port: number };

export async function playDays(options: DayOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'inv-day-'));
  const book = new DayBook();
  await using place = options.overPostgres ? await newDatabase() : fileIn(folder);
  await using shop = await Shop.open(folder, place, book, options.seed);
  for (let day = 1; day <= options.days && book.ledger.violations.length === 0; day++) {
    await shop.day(options.dayMs);
    options.progress?.(
      `evening ${day}: ${book.ledger.orders.size} orders, ${book.ledger.holds.entries.size} holds and returns, ${book.restocks.size} restocks: ` +
        (book.ledger.violations.length === 0 ? 'verify and the count agree' : 'VIOLATIONS'),
    );
  }
  const { violations } = book.ledger;
  if (violations.length === 0) rmSync(folder, { recursive: true });
  const kept = [...book.ledger.holds.entries.values()];
  const outcomes = [...book.ledger.orders.values()].map(({ outcome }) => outcome);
  return {
    violations,
    counts: book.counts,
    bought: outcomes.filter((outcome) => outcome?.startsWith('bought')).length,
    refused: outcomes.filter((outcome) => outcome?.startsWith('refused')).length,
    confirmed: kept.filter(({ end }) => end === 'bought').length,
    gone: kept.filter(({ end }) => end === 'gone').length,
    folder,
  };
}

class Shop implements AsyncDisposable {
  readonly #door = new ShopDoor();
  readonly #random: Random;
  readonly #book: DayBook;
  readonly #place: Place;
  readonly #operator: Operator;
  readonly #catalog: string;
  readonly #customers: readonly Customer[];
  readonly #stock: StockKeeper;
  readonly #users: UserKeeper;
  readonly #backups: BackupKeeper;
  readonly #nextRandom: () => Random;
  #server: RunningServer | null = null;

  private constructor(folder: string, place: Place, book: DayBook, seed: number) {
    this.#random = new Random(seed);
    this.#book = book;
    this.#place = place;
    this.#catalog = join(folder, 'catalog.json');
    const operator = new Operator(folder, place.address, join(folder, 'users.json'));
    this.#operator = operator;
    const door = this.#door;
    let part = seed * 1_000;
    const random = () => new Random(part++);
    this.#nextRandom = random;
    this.#customers = CUSTOMERS.flatMap((user) =>
      Array.from({ length: CONNECTIONS_OF_EACH }, () => new Customer(user, random(), book, door)),
    );
    this.#stock = new StockKeeper(random(), book, operator);
    this.#users = new UserKeeper(random(), book, operator, door, CUSTOMERS);
    this.#backups = new BackupKeeper(book, operator, folder, this.#catalog);
  }

  static async open(folder: string, place: Place, book: DayBook, seed: number): Promise<Shop> {
    const shop = new Shop(folder, place, book, seed);
    writeCatalog(shop.#catalog);
    await shop.#users.open();
    await shop.#start();
    return shop;
  }

  async day(ms: number): Promise<void> {
    const end = Date.now() + ms;
    const { orders, holds, violations } = this.#book.ledger;
    const enough = orders.size + LEAST_ORDERS;
    const enoughKept = holds.entries.size + LEAST_KEPT;
    const isEnough = () => orders.size >= enough && holds.entries.size >= enoughKept;
    const isDay = () => Date.now() < end && violations.length === 0;
    const isOpen = () => isDay() || (!isEnough() && violations.length === 0);
    const [last] = await Promise.all([
      this.#backups.work(isOpen),
      this.#stock.work(isOpen),
      this.#users.work(isOpen),
      this.#restarts(end, isDay),
      ...this.#customers.map((customer) => customer.shop(isOpen)),
      ...HOLDERS.map((user) =>
        holdAndReturn(user, this.#nextRandom(), this.#book, this.#door, isOpen),
      ),
    ]);
    await this.#evening();
    if (last !== null) await this.#backups.drill(last);
  }

  /** At least one of each day's restarts is a `kill -9`. */
  async #restarts(end: number, isDay: () => boolean): Promise<void> {
    for (let isFirst = true; isDay(); isFirst = false) {
      const longest = Math.min(LONGEST_SHIFT_MS, Math.max(1, (end - Date.now()) / 2));
      await pause(this.#random.between(longest / 4, longest));
      await this.#stop(isFirst || this.#random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
      await pause(this.#random.chance(0.5) ? 0 : this.#random.below(200));
      await this.#start();
    }
  }

  /** Nobody buys. Verify on the live server, the count over the rows, and what the next server tells. */
  async #evening(): Promise<void> {
    const book = this.#book;
    book.counts.evenings++;
    const all = acknowledged(book);
    const sent = book.ledger.orders.size + book.ledger.holds.entries.size;
    const open = sent - all.orders.length - all.kept.length;
    if (open > 0) book.violation(`${open} orders have no outcome in the evening`);
    await checkVerify(book, this.#operator, all.orders.length + all.kept.length);
    const quiet = await this.#backups.backUp();
    await this.#stop(this.#random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
    const rows = await this.#place.rows();
    for (const fault of count(book, rows, all)) book.violation(fault);
    await checkVerify(book, this.#operator, rows.orders.length);
    await this.#start();
    const { port } = this.#server as RunningServer;
    await checkServed(book, port, rows, all);
    await this.#door.visit(async (client) => {
      for (const token of book.endedTokens) await checkEnded(book, client, token);
    });
    const restored = quiet === null ? null : await this.#backups.drill(quiet);
    const tables = ['stock', 'restocks', 'orders', 'logins', 'held', 'customers'] as const;
    for (const table of tables) {
      const [live, copy] = [rows, restored ?? rows].map((one) =>
        one[table].map((row) => JSON.stringify(row)).sort(),
      );
      if (live?.join() !== copy?.join()) book.violation(`the restored ${table} are others`);
    }
  }

  async #start(): Promise<void> {
    const { address: data } = this.#place;
    const { users } = this.#operator;
    const server = await ServerProcess.start({ data, catalog: this.#catalog, users });
    this.#server = server;
    this.#door.reload = () => server.signal('SIGHUP');
    this.#door.open(server.port);
  }

  async #stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const server = this.#server as RunningServer;
    this.#door.close();
    this.#door.reload = () => undefined;
    this.#server = null;
    const { code } = await server.end(signal);
    this.#book.counts[signal === 'SIGKILL' ? 'kills' : 'stops']++;
    if (signal === 'SIGTERM' && code !== 0) {
      this.#book.violation(`an orderly stop exited with ${code}: ${server.errors}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.end('SIGKILL');
  }
}
