/**
 * Files of the operator that are read again while the server serves: when they change, and when the
 * operator says so. What a file said last stays in force as long as its new content cannot be used.
 *
 * The files are looked at once a second. The system's change events would come sooner, but a watched folder
 * also reports every write to a data file in it, and network file systems report nothing.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { whyUnread } from '../file-reasons.ts';
import { NamedError } from '../named-error.ts';
import type { Log } from './log.ts';

/** How often the files are looked at, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** Looks at a file that is different each time before it is read nevertheless: a change is taken within five seconds. */
const LOOKS_UNTIL_READ = 3;

/** The largest file that is read: a catalogue of 100,000 items has 5 to 10 MB, and reading holds up who buys. */
export const MAX_FILE_MB = 64;
const MAX_FILE_BYTES = MAX_FILE_MB * 1024 * 1024;

/** A file that cannot be read. The message is a sentence without a full stop, with the path, and why. */
export class UnreadableFile extends NamedError {}

export interface WatchedFilesOptions<Content> {
  /** What they are to the operator, for the log: `catalogue`. */
  readonly what: string;
  /** They are read together: one content comes from all of them. */
  readonly paths: readonly string[];
  /**
   * Makes the content from the bytes of the files, in the order of `paths`. What it throws means that the files
   * cannot be used as they are; the message is told to the operator.
   */
  readonly parse: (files: readonly Buffer[]) => Content | Promise<Content>;
  readonly log: Log;
  /** Milliseconds between two looks. */
  readonly lookEveryMs?: number;
}

/** The bytes of the files, and what tells whether they are still the same. */
interface Reading {
  readonly files: readonly Buffer[];
  /** Of the bytes. */
  readonly digest: string;
  readonly look: string;
}

export class WatchedFiles<Content> {
  readonly #options: WatchedFilesOptions<Content>;
  /** How the files looked when they were last read. */
  #look = '';
  /** How they looked a moment ago, when that is different. */
  #changing = { look: '', looks: 0 };
  /** Of the content that is in force. */
  #digest = '';
  /** The fault that was told last, and is not mended yet. */
  #fault: string | null = null;
  #apply: ((content: Content) => void | Promise<void>) | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** The end of the latest reading. */
  #reading: Promise<void> = Promise.resolve();
  #isAskedAgain = false;
  #isClosed = false;

  constructor(options: WatchedFilesOptions<Content>) {
    this.#options = options;
  }

  get what(): string {
    return this.#options.what;
  }

  get isWatched(): boolean {
    return this.#apply !== null && !this.#isClosed;
  }

  /** Reads the files for the first time. Throws UnreadableFile, and what `parse` throws. */
  async read(): Promise<Content> {
    const reading = await readAll(this.#options.paths, false);
    const content = await this.#options.parse(reading.files);
    this.#look = reading.look;
    this.#digest = reading.digest;
    return content;
  }

  /**
   * From now on, each new content is given to `apply` within five seconds, one after the other. When `apply`
   * throws, the same content is tried again with the next look.
   */
  watch(apply: (content: Content) => void | Promise<void>): void {
    this.#apply = apply;
    this.#lookLater();
  }

  /**
   * Reads the files now, changed or not, and logs what came of it. Resolves when their content is in force or
   * refused. Before `watch`, and after `close`, nothing is read.
   */
  readAgain(): Promise<void> {
    // A reading that has begun may have missed what the caller means; one that waits has not.
    if (this.#isAskedAgain) return this.#reading;
    this.#isAskedAgain = true;
    return this.#enqueue(() => {
      this.#isAskedAgain = false;
      this.#fault = null;
      return this.#take(true);
    });
  }

  /** Ends the watching. A content that is being applied is still applied. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.#enqueue(() => this.#lookAgain()).then(() => this.#lookLater());
    }, this.#options.lookEveryMs ?? LOOK_EVERY_MS).unref();
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#reading = this.#reading.then(task);
    return this.#reading;
  }

  /** Reads the files when they have changed, and are not being written any more. */
  async #lookAgain(): Promise<void> {
    const look = await lookAtAll(this.#options.paths);
    if (look === this.#look) {
      this.#changing = { look: '', looks: 0 };
      return;
    }
    const looks = this.#changing.looks + 1;
    const isStill = look === this.#changing.look;
    this.#changing = { look, looks };
    if (isStill || looks >= LOOKS_UNTIL_READ) await this.#take(false);
  }

  async #take(isAsked: boolean): Promise<void> {
    if (this.#apply === null || this.#isClosed) return;
    const { paths, parse } = this.#options;
    this.#changing = { look: '', looks: 0 };
    let content: Content;
    let reading: Reading;
    try {
      reading = await readAll(paths, true);
      this.#look = reading.look;
      if (reading.digest === this.#digest) return this.#tellRead(isAsked, false);
      content = await parse(reading.files);
    } catch (error) {
      // A file that could not be read is tried again with each look, a faulty one when it changes.
      if (error instanceof UnreadableFile) this.#look = '';
      return this.#tellFault(error as Error);
    }
    try {
      await this.#apply(content);
    } catch (error) {
      this.#look = '';
      return this.#tellFault(error as Error);
    }
    this.#digest = reading.digest;
    this.#tellRead(true, true);
  }

  #tellRead(isAsked: boolean, changed: boolean): void {
    const { what, paths, log } = this.#options;
    if (isAsked || this.#fault !== null) log('file read again', { what, paths, changed });
    this.#fault = null;
  }

  /** Tells each fault once, not with each try. */
  #tellFault({ message }: Error): void {
    const { what, paths, log } = this.#options;
    if (message === this.#fault || this.#isClosed) return;
    this.#fault = message;
    log('file not taken', {
      level: 'error',
      what,
      paths,
      error: message,
      inForce: 'what was read before',
    });
  }
}

/** The files of one server. */
export class OperatorFiles {
  readonly #log: Log;
  readonly #all: WatchedFiles<unknown>[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add<Content>(options: Omit<WatchedFilesOptions<Content>, 'log'>): WatchedFiles<Content> {
    const files = new WatchedFiles<Content>({ ...options, log: this.#log });
    this.#all.push(files as WatchedFiles<unknown>);
    return files;
  }

  /** What an operator asks for with SIGHUP. */
  readAgain(): void {
    const watched = this.#all.filter((files) => files.isWatched);
    this.#log('hangup', { signal: 'SIGHUP', reads: watched.map(({ what }) => what) });
    for (const files of watched) void files.readAgain();
  }

  close(): void {
    for (const files of this.#all) files.close();
  }
}

async function readAll(paths: readonly string[], isAgain: boolean): Promise<Reading> {
  // Looked at before they are read: a write during the reading is then seen as a change.
  const look = await lookAtAll(paths);
  if (isAgain && look.includes(UNREPEATABLE)) {
    throw new UnreadableFile(
      `cannot read ${paths.join(', ')} again: a pipe or device is read only at start`,
    );
  }
  const files = await Promise.all(paths.map(readWhole));
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.length}:`).update(file);
  return { files, digest: hash.digest('hex'), look };
}

async function readWhole(path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    return size > MAX_FILE_BYTES ? refuseTooLarge(path) : await readBounded(path, file);
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(`cannot read ${path}: ${whyUnread(error)}`, { cause: error });
  } finally {
    await file?.close();
  }
}

/** Of a pipe or device the size is not known before. */
async function readBounded(path: string, file: FileHandle): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of file.createReadStream({
    autoClose: false,
    highWaterMark: CHUNK_BYTES,
  })) {
    length += chunk.length;
    if (length > MAX_FILE_BYTES) refuseTooLarge(path);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const CHUNK_BYTES = 512 * 1024;

function refuseTooLarge(path: string): never {
  throw new UnreadableFile(
    `cannot read ${path}: it has more than ${MAX_FILE_MB} MB; give a smaller file`,
  );
}

/** How a pipe looks, or another source that has its content only once. */
const UNREPEATABLE = 'once';

/** A text that is another one when a file was written, replaced, removed or put there. */
async function lookAtAll(paths: readonly string[]): Promise<string> {
  return (await Promise.all(paths.map(lookAt))).join(' ');
}

async function lookAt(path: string): Promise<string> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile() && !found.isDirectory()) return UNREPEATABLE;
    const { dev, ino, size, mtimeNs, ctimeNs } = found;
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
