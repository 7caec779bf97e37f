/** Backups while everybody buys, and the restore drill: into another place, counted, served and compared. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { ServerProcess } from '../support/server-process.ts';
import { describe, WireClient } from '../support/wire-client.ts';
import { type Acknowledged, acknowledged, count, type Rows } from './count.ts';
import type { DayBook } from './day-book.ts';
import type { Operator } from './operator.ts';
import { rowsOfFile } from './place.ts';
import { logIn } from './shop-door.ts';

/** A backup, and what it must hold: all that was acknowledged before it was begun. */
export interface BackupEntry {
  readonly path: string;
  readonly atLeast: Acknowledged;
}

export class BackupKeeper {
  readonly #book: DayBook;
  readonly #operator: Operator;
  readonly #folder: string;
  readonly #catalog: string;

  constructor(book: DayBook, operator: Operator, folder: string, catalog: string) {
    this.#book = book;
    this.#operator = operator;
    this.#folder = folder;
    this.#catalog = catalog;
  }

  /** One backup after the other. Returns the last one; the others go. */
  async work(isOpen: () => boolean): Promise<BackupEntry | null> {
    let last = await this.backUp();
    while (isOpen()) {
      if (last !== null) rmSync(last.path);
      last = await this.backUp();
    }
    return last;
  }

  /** Null: it failed, which is a violation. */
  async backUp(): Promise<BackupEntry | null> {
    const atLeast = acknowledged(this.#book);
    const path = join(this.#folder, `backup-${++this.#book.counts.backups}.db`);
    const { code, document, errors } = await this.#operator.onData(['backup', path]);
    if (code === 0) return { path, atLeast };
    this.#book.violation(`backup: exit code ${code}, ${JSON.stringify(document)} ${errors}`);
    return null;
  }

  /** Restores a backup beside the shop, and checks what is served there. Returns its rows. */
  async drill({ path, atLeast }: BackupEntry): Promise<Rows | null> {
    const restored = join(this.#folder, `drill-${++this.#book.counts.drills}.db`);
    const done = await this.#operator.onData(['restore', path], {}, restored);
    if (done.code !== 0) {
      this.#book.violation(`restore: exit code ${done.code}, ${done.errors}`);
      return null;
    }
    const rows = rowsOfFile(restored);
    for (const fault of count(this.#book, rows, atLeast, false)) {
      this.#book.violation(`restored from ${path}: ${fault}`);
    }
    await checkVerify(this.#book, this.#operator, rows.orders.length, restored);
    const { users } = this.#operator;
    const server = await ServerProcess.start({ data: restored, catalog: this.#catalog, users });
    await checkServed(this.#book, server.port, rows, atLeast);
    const { code } = await server.end('SIGTERM');
    if (code !== 0) this.#book.violation(`the drill's server exited ${code}: ${server.errors}`);
    for (const suffix of ['', '-wal', '-shm', '-lock', '-acked']) {
      rmSync(restored + suffix, { force: true });
    }
    rmSync(path);
    return rows;
  }
}

/** `inv serve verify` must say that the books balance, over as many orders as were counted. */
export async function checkVerify(
  book: DayBook,
  operator: Operator,
  orders: number,
  data = operator.data,
): Promise<void> {
  const { code, document, errors } = await operator.onData(['verify'], {}, data);
  if (code === 0 && document.ok === true && document.orders === orders) return;
  book.violation(
    `verify of ${orders} orders: exit code ${code}, ${JSON.stringify(document)} ${errors}`,
  );
}

/** Orders that are asked about by wire; the rows were all looked at. */
const ASKED = 300;

/** What the server tells of levels and orders is what the rows hold. */
export async function checkServed(
  book: DayBook,
  port: number,
  { stock, held }: Rows,
  { orders }: Acknowledged,
): Promise<void> {
  /** With the units whose holds have ended by then. */
  const levelsAt = (time: number): string =>
    stock
      .map(({ upc, available }) => {
        const ended = held.filter((row) => row.upc === upc && row.until <= time);
        return `${upc}:${ended.reduce((sum, { units }) => sum + units, available)}`;
      })
      .join();
  for (const [user, password] of book.passwords) {
    const client = await WireClient.open(port);
    if ((await logIn(client, user, password)) === null) {
      book.violation(`${user} cannot log in`);
      continue;
    }
    const before = levelsAt(Date.now());
    const items = (await client.send('INVENTORY')) as ReadonlyMap<string, ReplyValue>[];
    const after = levelsAt(Date.now());
    const told = items.map((item) => `${item.get('upc')}:${item.get('available')}`).join();
    if (told !== before && told !== after) {
      book.violation(`INVENTORY answers ${told}, in the store is ${after}`);
    }
    const own = orders.filter((entry) => entry.user === user);
    for (const entry of own.slice(-ASKED / book.passwords.size)) {
      book.ledger.answered(entry, await client.send('ORDER', entry.id), true);
    }
    client.drop();
  }
  await checkNobodyIsBack(book, port);
}

/** Passwords that are tried again: each costs the server a hash. */
const TRIED = 5;

async function checkNobodyIsBack(book: DayBook, port: number): Promise<void> {
  const client = await WireClient.open(port);
  for (const { user, password } of book.formerPasswords.slice(-TRIED)) {
    const reply = await client.send('LOGIN', user, password);
    if (reply instanceof Map) book.violation(`${user} is back: ${describe(reply)}`);
  }
  client.drop();
}
