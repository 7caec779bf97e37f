/**
 * Keeps the number of the last acknowledged batch of each server of this machine in a small file,
 * so that a restart, or a kill, does not forget it. Not synced: what a power cut takes, the other
 * servers still know.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ShopIdentity } from '../../inventory/store.ts';
import type { Report } from '../report.ts';
import type { BatchMark } from './marks.ts';

/** Since, batch and time, each padded to the same width, so that a new line covers the old one; then the name. */
const LINE = /^ *(?<since>\d{1,16}) +(?<batch>\d{1,16}) +(?<seen>\d{1,16}) (?<name>[^\n\0]*)\n$/;

/** A batch that a server acknowledged, and the history of which shop it is a part of. */
export interface AcknowledgedBatch {
  readonly history: ShopIdentity;
  readonly mark: BatchMark;
}

export class AcknowledgedFiles {
  readonly #folder: string;
  readonly #report: Report;
  #file: number | null = null;
  #failed = false;

  /** `folder` is made when there is something to keep. A file in it is named by the shop and the server. */
  constructor(folder: string, report: Report) {
    this.#folder = folder;
    this.#report = report;
  }

  /** What servers of this machine have acknowledged, of any shop. */
  read(): AcknowledgedBatch[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names.flatMap((name) => this.#readFile(name) ?? []);
  }

  /** Writes down a batch. A disk that is full, or takes no writes, stops no sale: it is logged, once. */
  write({ shop, since }: ShopIdentity, { id, name, batch, seen }: BatchMark): void {
    if (this.#failed) return;
    try {
      // What is written to a file that somebody has removed is lost with this process. A look takes a microsecond or two.
      if (this.#file !== null && fstatSync(this.#file).nlink === 0) this.close();
      if (this.#file === null) {
        mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
        this.#file = openSync(this.#pathOf(shop, id), 'w', 0o600);
      }
      const numbers = [since, batch, seen].map((number) => String(number).padStart(16));
      writeSync(this.#file, `${numbers.join(' ')} ${name}\n`, 0);
    } catch (error) {
      this.#failed = true;
      this.close();
      this.#report('acknowledged batches are not kept', {
        level: 'warn',
        folder: this.#folder,
        why: (error as Error).message,
      });
    }
  }

  /** Removes the file of a server; one that cannot be removed is harmless. */
  remove(shop: string, id: string): void {
    try {
      rmSync(this.#pathOf(shop, id), { force: true });
    } catch {
      // It is tried again at the next start.
    }
  }

  /** The file stays: it is what the next start compares the database with. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #pathOf(shop: string, id: string): string {
    return join(this.#folder, `${shop}.${id}`);
  }

  /** Null for what is not readable: a power cut may leave that. */
  #readFile(file: string): AcknowledgedBatch | null {
    try {
      const [shop = '', id = ''] = file.split('.');
      const parts = LINE.exec(readFileSync(join(this.#folder, file), 'utf8'))?.groups;
      if (parts === undefined) return null;
      const { since, batch, seen, name = '' } = parts;
      return {
        history: { shop, since: Number(since) },
        mark: { id, name, batch: Number(batch), seen: Number(seen) },
      };
    } catch {
      return null;
    }
  }
}
