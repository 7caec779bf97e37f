import { closeSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES } from './batch-row.ts';
import { openForReading } from './open-for-reading.ts';
import { DataFileOverwritten } from './sqlite-failures.ts';

/** In the header of a frame: the two salts of its log, and its checksum. */
const FRAME_MARKS_OFFSET = 8;
const MARKS_BYTES = 16;

/**
 * The header of the log's index, which stands there twice, so that a reader sees when somebody is writing it:
 * https://www.sqlite.org/walformat.html#the_wal_index_header
 */
const INDEX_HEADER_BYTES = 48;
const PAGE_SIZE_OFFSET = 14;
const FRAMES_OFFSET = 16;
const CHECKSUM_OFFSET = 24;
const SALTS_OFFSET = 32;

/** So often the log can have been begun anew between two looks at it, by operators' tools; a strange salt is further off. */
const MAX_LOGS_BETWEEN = 1_000;

/** Another program writes the header of the index in less than a microsecond, unless it is stopped in the middle. */
const MOST_READS = 100;

/** How far the log has come, by its index. */
class LogEnd {
  readonly #bytes = Buffer.alloc(2 * INDEX_HEADER_BYTES);

  /** Returns false when another program stands still in the middle of writing it. */
  read(index: number): boolean {
    for (let reads = 0; reads < MOST_READS; reads++) {
      readSync(index, this.#bytes, 0, this.#bytes.length, 0);
      const { length } = this.#bytes;
      if (
        this.#bytes.compare(this.#bytes, INDEX_HEADER_BYTES, length, 0, INDEX_HEADER_BYTES) === 0
      ) {
        return true;
      }
    }
    return false;
  }

  get frames(): number {
    return this.#uint32(FRAMES_OFFSET);
  }

  /** Where the header of the last frame stands in the log. */
  get lastFrameAt(): number {
    // 65,536, which is too large for 16 bits, is written as one.
    const size = this.#uint16(PAGE_SIZE_OFFSET);
    const pageSize = size === 1 ? 65_536 : size;
    return LOG_HEADER_BYTES + (this.frames - 1) * (FRAME_HEADER_BYTES + pageSize);
  }

  /** Whether the header of a frame has the salts and the checksum of the last one. */
  isOfLastFrame(marks: Buffer): boolean {
    return (
      marks.compare(this.#bytes, SALTS_OFFSET, SALTS_OFFSET + 8, 0, 8) === 0 &&
      marks.readUInt32BE(8) === this.#uint32(CHECKSUM_OFFSET) &&
      marks.readUInt32BE(12) === this.#uint32(CHECKSUM_OFFSET + 4)
    );
  }

  /** How often the log was begun anew since `before`; null when another log stands there, or an earlier one. */
  timesBegunSince(before: LogEnd): number | null {
    const [at, end] = [SALTS_OFFSET, SALTS_OFFSET + 8];
    if (this.#bytes.compare(before.#bytes, at, end, at, end) === 0) return 0;
    // The first salt is one more each time, and the second random.
    const times = (this.#bytes.readUInt32BE(at) - before.#bytes.readUInt32BE(at)) >>> 0;
    return times === 0 || times > MAX_LOGS_BETWEEN ? null : times;
  }

  #uint16(offset: number): number {
    return IS_LITTLE_ENDIAN ? this.#bytes.readUInt16LE(offset) : this.#bytes.readUInt16BE(offset);
  }

  #uint32(offset: number): number {
    return IS_LITTLE_ENDIAN ? this.#bytes.readUInt32LE(offset) : this.#bytes.readUInt32BE(offset);
  }
}

/** Of the index, which is memory that processes share, the numbers are those of this machine. */
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Notices that another program has put an earlier or another log, or index of it, over those of an open data file.
 * SQLite would write on where that index ends, over orders that were acknowledged, or behind frames that are gone.
 *
 * The log and its index only move forward: a commit adds frames, and a log that is begun anew has other salts. And the last
 * frame before a commit is still there after it. The times of the files are left alone: Linux would then note
 * them to the nanosecond at each sync.
 */
export class LogWatch {
  readonly #path: string;
  readonly #log: number;
  readonly #index: number;
  readonly #marks = Buffer.alloc(MARKS_BYTES);
  #before = new LogEnd();
  #now = new LogEnd();
  #failure: DataFileOverwritten | null = null;

  /** The data file at `path` must be open, and its log be in use. */
  constructor(path: string) {
    this.#path = path;
    this.#log = openForReading(`${path}-wal`);
    this.#index = openForReading(`${path}-shm`);
    this.#before.read(this.#index);
  }

  /**
   * Call after a commit, before its replies leave. Throws DataFileOverwritten when the log does not go on from where it was.
   */
  checkCommit(): void {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#now.read(this.#index)) return;
    const times = this.#now.timesBegunSince(this.#before);
    const hasGrown = times !== 0 || this.#now.frames > this.#before.frames;
    if (times === null || !hasGrown) throw this.#fail(INDEX);
    if (times === 0 && !this.#isLastFrameThere()) throw this.#fail(LOG);
    this.#step();
  }

  /** Call when another program seems to have written, before more is written behind it. Throws as `checkCommit` does. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#now.read(this.#index)) return;
    const times = this.#now.timesBegunSince(this.#before);
    if (times === null || (times === 0 && this.#now.frames < this.#before.frames)) {
      throw this.#fail(INDEX);
    }
    this.#step();
  }

  /** Call when SQLite has closed the file: the end of any use of a file ends all locks on it. */
  close(): void {
    closeSync(this.#log);
    closeSync(this.#index);
  }

  /** Whether the frame that was the last one is in the log still. */
  #isLastFrameThere(): boolean {
    if (this.#before.frames === 0) return true;
    const at = this.#before.lastFrameAt + FRAME_MARKS_OFFSET;
    const length = readSync(this.#log, this.#marks, 0, MARKS_BYTES, at);
    return length === MARKS_BYTES && this.#before.isOfLastFrame(this.#marks);
  }

  #step(): void {
    [this.#before, this.#now] = [this.#now, this.#before];
  }

  /** Once is enough: what SQLite does next makes the log look like its own. */
  #fail({ suffix, what }: { suffix: string; what: string }): DataFileOverwritten {
    this.#failure = new DataFileOverwritten(this.#path, what, `${this.#path}${suffix}`);
    return this.#failure;
  }
}

const INDEX = { suffix: '-shm', what: 'an earlier copy of it, or that of another file' };
const LOG = { suffix: '-wal', what: 'another log was put over it, or an earlier one' };
