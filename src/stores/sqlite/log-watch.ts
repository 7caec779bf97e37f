import { closeSync, readSync } from 'node:fs';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES } from './batch-row.ts';
import { openForReading } from './open-for-reading.ts';
import { DataFileOverwritten } from './sqlite-failures.ts';

/** In the header of a frame: the two salts of its log, and its checksum. */
const FRAME_MARKS_OFFSET = 8;
const MARKS_BYTES = 16;

/** In the header of the log: how often the program that has begun it, or one before it, had begun it anew. */
const TIMES_BEGUN_OFFSET = 12;

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

  get salts(): bigint {
    return this.#view.getBigUint64(SALTS_WORD * Uint32Array.BYTES_PER_ELEMENT);
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

  /** How often the log was begun anew since `before`; null when another log stands there: an earlier one, or one under salts drawn by lot. */
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
  /** The salts of logs that were drawn by lot, as far as they are known. */
  readonly #drawn = new Set<bigint>();
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
    this.#drawn.add(this.#before.salts);
  }

  /**
   * Call after a commit, before its replies leave. Returns whether pages were moved from the log into the file since the
   * last commit. Throws DataFileOverwritten when the log does not go on from where it was.
   */
  checkCommit(): boolean {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#now.read(this.#index)) return true;
    const times = this.#now.timesBegunSince(this.#before);
    if (times === 0) {
      if (this.#now.frames <= this.#before.frames) throw this.#fail(INDEX);
      if (!this.#isLastFrameThere(this.#before)) throw this.#fail(LOG);
    }
    // What was in a log with frames is not gone by a commit of ours.
    if (times === null && this.#before.frames > 0) throw this.#fail(INDEX);
    this.#step(times ?? this.#begunByNewcomer());
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
    if (times === 0 && this.#now.frames < this.#before.frames) throw this.#fail(INDEX);
    this.#step(times ?? this.#begunByNewcomer());
  }

  /** Call when SQLite has closed the file: the end of any use of a file ends all locks on it. */
  close(): void {
    closeSync(this.#log);
    closeSync(this.#index);
  }

  /** Whether the last frame of `end` is in the log. */
  #isLastFrameThere(end: LogEnd): boolean {
    if (end.frames === 0) return true;
    const at = end.lastFrameAt + FRAME_MARKS_OFFSET;
    const length = readSync(this.#log, this.#marks, 0, MARKS_BYTES, at);
    return length === MARKS_BYTES && end.isOfLastFrame(this.#marks);
  }

  /**
   * A program that has emptied the log begins it under salts drawn by lot when it, or the next one, has never begun a log
   * before. So it says in its header that it is the first one; it goes with its index; and it is not one of those that were here
   * before. That nothing is missing since, the caller proves by the number of the last batch. Returns how often the log was begun.
   */
  #begunByNewcomer(): number {
    const header = new DataView(new ArrayBuffer(LOG_HEADER_BYTES));
    const length = readSync(this.#log, header, 0, LOG_HEADER_BYTES, 0);
    const isFirst = length === LOG_HEADER_BYTES && header.getUint32(TIMES_BEGUN_OFFSET) === 0;
    const { salts } = this.#now;
    if (!isFirst || this.#drawn.has(salts) || !this.#isLastFrameThere(this.#now)) {
      throw this.#fail(INDEX);
    }
    this.#drawn.add(salts);
    return 1;
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
