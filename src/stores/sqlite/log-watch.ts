import { closeSync, readSync } from 'node:fs';
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
const HEADER_WORDS = INDEX_HEADER_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** Where its numbers stand, counted in words of four bytes, or in halves of them. */
const PAGE_SIZE_HALF = 7;
const FRAMES_WORD = 4;
const CHECKSUM_WORD = 6;
const SALTS_WORD = 8;

/** Behind the two headers: how many frames are in the data file. */
const MOVED_WORD = 2 * HEADER_WORDS;
const WORDS_READ = MOVED_WORD + 1;

/** So often the log can have been begun anew between two looks at it, by operators' tools; a strange salt is further off. */
const MAX_LOGS_BETWEEN = 1_000;

/** Another program writes the header of the index in less than a microsecond, unless it is stopped in the middle. */
const MOST_READS = 100;

/**
 * How far the log has come, by its index: memory that processes share, with the numbers of this machine. Compared
 * word by word: twice with each commit, a call of Buffer.compare takes as long as all the rest.
 */
class LogEnd {
  readonly #words = new Uint32Array(WORDS_READ);
  readonly #halves = new Uint16Array(this.#words.buffer);
  /** The salts are a copy of those in the log, which has the numbers of no machine: the greater byte first. */
  readonly #view = new DataView(this.#words.buffer);

  /** Returns false when another program stands still in the middle of writing it. */
  read(index: number): boolean {
    for (let reads = 0; reads < MOST_READS; reads++) {
      readSync(index, this.#words, 0, this.#words.byteLength, 0);
      if (this.#isWhole()) return true;
    }
    return false;
  }

  get frames(): number {
    return this.#words[FRAMES_WORD] as number;
  }

  /** Frames that are not in the data file yet. */
  get framesLeft(): number {
    return this.frames - this.framesMoved;
  }

  get framesMoved(): number {
    return this.#words[MOVED_WORD] as number;
  }

  /** Where the header of the last frame stands in the log. */
  get lastFrameAt(): number {
    // 65,536, which is too large for 16 bits, is written as one.
    const size = this.#halves[PAGE_SIZE_HALF] as number;
    const pageSize = size === 1 ? 65_536 : size;
    return LOG_HEADER_BYTES + (this.frames - 1) * (FRAME_HEADER_BYTES + pageSize);
  }

  /** Whether the header of a frame has the salts and the checksum of the last one. */
  isOfLastFrame(marks: DataView): boolean {
    return (
      marks.getUint32(0) === this.#salt(0) &&
      marks.getUint32(4) === this.#salt(1) &&
      marks.getUint32(8) === this.#words[CHECKSUM_WORD] &&
      marks.getUint32(12) === this.#words[CHECKSUM_WORD + 1]
    );
  }

  /** How often the log was begun anew since `before`; null when another log stands there, or an earlier one. */
  timesBegunSince(before: LogEnd): number | null {
    if (this.#salt(0) === before.#salt(0) && this.#salt(1) === before.#salt(1)) return 0;
    // The first salt is one more each time, and the second random.
    const times = (this.#salt(0) - before.#salt(0)) >>> 0;
    return times === 0 || times > MAX_LOGS_BETWEEN ? null : times;
  }

  #isWhole(): boolean {
    const words = this.#words;
    for (let word = 0; word < HEADER_WORDS; word++) {
      if (words[word] !== words[word + HEADER_WORDS]) return false;
    }
    return true;
  }

  #salt(which: 0 | 1): number {
    return this.#view.getUint32((SALTS_WORD + which) * Uint32Array.BYTES_PER_ELEMENT);
  }
}

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
  readonly #marks = new DataView(new ArrayBuffer(MARKS_BYTES));
  #before = new LogEnd();
  #now = new LogEnd();
  /** Whether pages were moved into the file since the last commit. */
  #hasFileChanged = false;
  #failure: DataFileOverwritten | null = null;

  /** The data file at `path` must be open, and its log be in use. */
  constructor(path: string) {
    this.#path = path;
    this.#log = openForReading(`${path}-wal`);
    this.#index = openForReading(`${path}-shm`);
    this.#before.read(this.#index);
  }

  /**
   * Call after a commit, before its replies leave. Returns whether pages were moved from the log into the file since the
   * last commit. Throws DataFileOverwritten when the log does not go on from where it was.
   */
  checkCommit(): boolean {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#now.read(this.#index)) return true;
    const times = this.#now.timesBegunSince(this.#before);
    const hasGrown = times !== 0 || this.#now.frames > this.#before.frames;
    if (times === null || !hasGrown) throw this.#fail(INDEX);
    if (times === 0 && !this.#isLastFrameThere()) throw this.#fail(LOG);
    this.#step(times);
    const hasFileChanged = this.#hasFileChanged;
    this.#hasFileChanged = false;
    return hasFileChanged;
  }

  /** Pages in the log that were not in the data file yet at the last commit. */
  get pagesLeft(): number {
    return this.#before.framesLeft;
  }

  /** Call when another program seems to have written, before more is written behind it. Throws as `checkCommit` does. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#now.read(this.#index)) return;
    const times = this.#now.timesBegunSince(this.#before);
    if (times === null || (times === 0 && this.#now.frames < this.#before.frames)) {
      throw this.#fail(INDEX);
    }
    this.#step(times);
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

  #step(timesBegun: number): void {
    if (timesBegun > 0 || this.#now.framesMoved !== this.#before.framesMoved) {
      this.#hasFileChanged = true;
    }
    [this.#before, this.#now] = [this.#now, this.#before];
  }

  /** Once is enough: what SQLite does next makes the log look like its own. */
  #fail({ suffix, what }: { suffix: string; what: string }): DataFileOverwritten {
    this.#failure = new DataFileOverwritten(this.#path, what, `${this.#path}${suffix}`);
    return this.#failure;
  }
}

const INDEX = { suffix: '-shm', what: 'an earlier copy of it, or that of another file' };
const LOG = { suffix: '-wal', what: 'another write-ahead log was put over it, or an earlier one' };
