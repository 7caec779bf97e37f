import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { whyUnread, whyUnwritten } from '../../file-reasons.ts';
import { StoreRefused } from '../../inventory/store.ts';
import { type FileOwner, makeOwnFile } from '../../lock-file.ts';
import type { Report } from '../report.ts';

/**
 * The number of batches that were acknowledged, in a file of its own. SQLite quietly drops the end
 * of a write-ahead log that is damaged or cut; this number then tells that something is missing.
 * It is written after the commit and not synced, so it may lag after a power cut but never leads:
 * it costs one small write a batch, and cannot raise a false alarm.
 */
export class AckedCount {
  readonly #path: string;
  readonly #report: Report;
  readonly #owner: FileOwner | undefined;
  readonly #bytes = Buffer.alloc(17);
  #file: number | null = null;
  #count: number;
  /** The last write failed, and the log was told so. */
  #isFailing = false;

  /** Counts on from `committed`, in the file at `path`, which belongs to `owner` where root makes it. Call `check` before. */
  constructor(path: string, committed: number, report: Report, owner?: FileOwner) {
    this.#path = path;
    this.#owner = owner;
    this.#report = report;
    this.#count = committed;
    // Synced once, so that after a power cut there is some count in it, however old.
    this.#write((file) => fsyncSync(file));
  }

  /**
   * `committed` is the number of batches in the data file `dataPath`. Throws StoreRefused when more
   * were acknowledged, and when the count cannot be read.
   */
  static check(path: string, dataPath: string, committed: number): void {
    AckedCount.compare(path, dataPath, { acked: AckedCount.read(path, dataPath), committed });
  }

  /** How many batches were acknowledged; 0 when nobody has counted. Throws StoreRefused when it cannot be read. */
  static read(path: string, dataPath: string): number {
    return existsSync(path) ? readCount(path, dataPath) : 0;
  }

  /** As `check`, of a count that was read before. */
  static compare(
    path: string,
    dataPath: string,
    { acked, committed }: { readonly acked: number; readonly committed: number },
  ): void {
    if (acked <= committed) return;
    throw new StoreRefused(
      `${dataPath} holds ${committed} batches of orders, but ${acked} were acknowledged: the end ` +
        'of its write-ahead log is missing or damaged, or the file is an old copy. Restore the ' +
        `newest backup, with inv serve restore; or, to go on with what is there, remove ${path}`,
    );
  }

  /** `count` batches were acknowledged. */
  set(count: number): void {
    this.#count = count;
    this.#write();
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  #open(): number {
    // What root makes must be readable for the server of the user whose data it is.
    if (!existsSync(this.#path)) makeOwnFile(this.#path, this.#owner);
    return openSync(this.#path, 'r+');
  }

  /** A count that cannot be written lags behind, which is no reason to stop selling. */
  #write(then?: (file: number) => void): void {
    try {
      this.#file ??= this.#open();
      this.#bytes.write(`${String(this.#count).padStart(16, '0')}\n`, 'latin1');
      writeSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
      then?.(this.#file);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        this.#report('count of batches not written', {
          level: 'warn',
          error: whyUnwritten(error),
          consequence:
            'until it is, a data file that is replaced by an older copy may go unnoticed',
        });
      }
      this.#isFailing = true;
    }
  }
}

/** An empty file counts nothing: a start was cut off before it was written, or the operator wants it so. */
function readCount(path: string, dataPath: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new StoreRefused(
      `cannot read ${path}: ${whyUnread(error)}. Give this user the right to, or remove it`,
    );
  }
  if (text === '') return 0;
  if (/^\d{1,16}\n?$/.test(text)) return Number(text);
  throw new StoreRefused(
    `${path} holds no number: it is damaged, as a power cut may leave it. So it cannot be told whether ` +
      `${dataPath} holds everything that was acknowledged. If it is no old copy, remove ${path} and start again`,
  );
}
