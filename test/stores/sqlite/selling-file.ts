import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import { DataFileOverwritten } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore, type SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { Buyer, settleAll } from '../orders.ts';

export const ITEMS = [{ upc: 1, name: 'one', units: 1_000_000 }];

/** A store over a data file, whose files a test copies and puts over each other. */
export class SellingFile implements AsyncDisposable {
  readonly folder = new TemporaryFolder();
  readonly path = this.folder.file('inventory.db');
  readonly backup = this.folder.file('backup.db');
  readonly buyer = new Buyer();
  store: SqliteStore = openSqliteStore(this.path, ITEMS);

  async sell(batches: number, ordersOfEach = 1): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      const orders = Array.from({ length: ordersOfEach }, () => this.buyer.buy('1x1'));
      await settleAll(this.store, orders);
      this.store.afterReplies();
      await turn();
    }
  }

  /** Sells until checkpoints have written into the file. */
  async sellALot(): Promise<void> {
    const before = readFileSync(this.path);
    while (readFileSync(this.path).equals(before)) await this.sell(20, 200);
    await this.sell(100, 200);
  }

  /** An operator's connection. */
  sql(text: string): void {
    const db = new DatabaseSync(this.path, { timeout: 1_000 });
    db.exec(text);
    db.close();
  }

  /** How many orders the data file at `path` holds, as an operator would count them. */
  orders(path: string): number {
    const db = new DatabaseSync(path);
    const { orders } = db.prepare('SELECT count(*) AS orders FROM orders').get() as {
      orders: number;
    };
    db.close();
    return orders;
  }

  copy(): void {
    copyFileSync(this.path, this.backup);
  }

  pagesInLog(): number {
    const db = new DatabaseSync(this.path);
    const { log } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { log: number };
    db.close();
    return log;
  }

  /** As SQLite's .backup: page by page, the file with all of its log. */
  copyAsBackup(): void {
    for (const suffix of ['', '-wal']) copyFileSync(this.path + suffix, this.backup + suffix);
    const db = new DatabaseSync(this.backup);
    db.exec('PRAGMA wal_checkpoint');
    db.close();
  }

  async expectNoticed(): Promise<void> {
    await expect(this.sell(1)).rejects.toThrow(DataFileOverwritten);
    await expect(this.store.close()).rejects.toThrow(DataFileOverwritten);
    // Closed as usual, SQLite would have moved the log into the copy and removed it.
    expect(existsSync(`${this.path}-wal`)).toBe(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close().catch(() => undefined);
    this.folder[Symbol.dispose]();
  }
}
