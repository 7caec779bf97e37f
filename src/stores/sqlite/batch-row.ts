/**
 * The one row of the table `batches`, read from the bytes of the data file and of its log, without SQLite: which
 * of them a value stands in is what SQLite hides. A server writes this row when the file has changed (see BatchCount), so it
 * tells which state of the file is there, and whether a log belongs to it.
 */
import { readSync } from 'node:fs';

/** In front of the frames of a log, and of the page in each: https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
export const LOG_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;

/** Text columns have odd serial types from here on, of two for each byte. */
const FIRST_TEXT_TYPE = 13;

export interface BatchRow {
  /** The number of the batch that wrote it, or of the last one before the opening that did. */
  readonly committed: number;
  /** That of the row before. */
  readonly previous: number;
  /** Which opening of the file wrote it; empty when that was inv 1.0.0. */
  readonly opening: string;
}

/** Where the row stands in a file of pages. */
export interface BatchPage {
  /** Counted from one, as SQLite does. */
  readonly page: number;
  readonly pageSize: number;
}

/** The row in the data file itself; null when there is no such row at its place. */
export function readBatchRow(file: number, { page, pageSize }: BatchPage): BatchRow | null {
  const bytes = Buffer.alloc(pageSize);
  const length = readSync(file, bytes, 0, pageSize, (page - 1) * pageSize);
  return length === pageSize ? parseBatchRow(bytes) : null;
}

/** All states of the row that a log holds, in the order of the commits. */
export function readBatchRowsOfLog(log: number, { page, pageSize }: BatchPage): BatchRow[] {
  const rows: BatchRow[] = [];
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  if (readSync(log, header, 0, LOG_HEADER_BYTES, 0) < LOG_HEADER_BYTES) return rows;
  const frame = Buffer.alloc(FRAME_HEADER_BYTES);
  const content = Buffer.alloc(pageSize);
  const step = FRAME_HEADER_BYTES + pageSize;
  for (let at = LOG_HEADER_BYTES; ; at += step) {
    if (readSync(log, frame, 0, FRAME_HEADER_BYTES, at) < FRAME_HEADER_BYTES) return rows;
    // Behind the last frame stand frames of before the log was begun anew: with other salts.
    if (frame.compare(header, 16, 24, 8, 16) !== 0) return rows;
    if (frame.readUInt32BE(0) !== page) continue;
    if (readSync(log, content, 0, pageSize, at + FRAME_HEADER_BYTES) < pageSize) return rows;
    const row = parseBatchRow(content);
    if (row !== null) rows.push(row);
  }
}

/** Reads a page of a table that has one row: https://www.sqlite.org/fileformat2.html#b_tree_pages */
function parseBatchRow(page: Buffer): BatchRow | null {
  const isTableLeaf = page[0] === 0x0d;
  if (!isTableLeaf || page.readUInt16BE(3) !== 1) return null;
  try {
    const bytes = new Reader(page, page.readUInt16BE(8));
    bytes.varint(); // the length of the row
    bytes.varint(); // its rowid
    const headerStart = bytes.at;
    const headerEnd = headerStart + bytes.varint();
    const types: number[] = [];
    while (bytes.at < headerEnd) types.push(bytes.varint());
    const committed = bytes.integer(types[0] ?? 0);
    const opening = types[1] === undefined || types[1] === 0 ? '' : bytes.text(types[1]);
    if (committed === null || opening === null) return null;
    return {
      committed,
      opening,
      previous: bytes.integer(types[2] ?? 0) ?? before(committed, opening),
    };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Before version 11 of the tables each batch wrote the row, and an opening wrote its name alone. */
function before(committed: number, opening: string): number {
  return isOpening({ committed, opening }) ? committed : committed - 1;
}

/** Whether an opening wrote the row, and not a batch. */
export function isOpening({
  committed,
  opening,
}: Pick<BatchRow, 'committed' | 'opening'>): boolean {
  return opening.startsWith(`${committed} `);
}

class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let length = 1; length <= 8; length++) {
      const byte = this.#bytes.readUInt8(this.at++);
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number that is too long');
  }

  /** An integer column of this serial type; null for another type. */
  integer(type: number): number | null {
    if (type === 8 || type === 9) return type - 8;
    if (type < 1 || type > 6) return null;
    const length = type <= 4 ? type : type === 5 ? 6 : 8;
    this.at += length;
    if (length === 8) return Number(this.#bytes.readBigInt64BE(this.at - length));
    return this.#bytes.readIntBE(this.at - length, length);
  }

  text(type: number): string | null {
    if (type < FIRST_TEXT_TYPE || type % 2 === 0) return null;
    const length = (type - FIRST_TEXT_TYPE) / 2;
    this.at += length;
    if (this.at > this.#bytes.length) throw new RangeError('a text that is too long');
    return this.#bytes.toString('latin1', this.at - length, this.at);
  }
}
