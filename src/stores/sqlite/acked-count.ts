import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { StoreRefused } from '../../inventory/store.ts';

/**
 * The number of batches that were acknowledged, in a file of its own. SQLite quietly drops the end
 * of a write-ahead log that is damaged or cut; this number then tells that something is missing.
 * It is written after the commit and not synced, so it may lag after a power cut but never leads:
 * it costs one small write a batch, and cannot raise a false alarm.
 */
export class AckedCount {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(17);
  #count: number;

  /** As `check`, and then counts on from `committed`. */
  constructor(path: string, dataPath: string, committed: number) {
    AckedCount.check(path, dataPath, committed);
    this.#count = committed;
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+', 0o600);
    this.#write();
  }

  /**
   * `committed` is the number of batches in the data file `dataPath`. Throws StoreRefused when more
   * were acknowledged.
   */
  static check(path: string, dataPath: string, committed: number): void {
    const acked = existsSync(path) ? Number(readFileSync(path, 'latin1')) : 0;
    if (acked <= committed) return;
    throw new StoreRefused(
      `${dataPath} holds ${committed} batches of orders, but ${acked} were acknowledged: the end ` +
        'of its write-ahead log is missing or damaged, or the file is an old copy. Restore the ' +
        `newest backup with its -wal file; or, to go on with what is there, remove ${path}`,
    );
  }

  add(): void {
    this.#count++;
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    this.#bytes.write(`${String(this.#count).padStart(16, '0')}\n`, 'latin1');
    writeSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
  }
}
