/**
 * The server's log: one JSON object a line. A log that cannot be written, or that nobody reads, stops
 * and slows nothing: its lines are dropped and counted, and the count is told when lines pass again.
 */
import type { Writable } from 'node:stream';

/** From the least to the most urgent. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type Level = (typeof LEVELS)[number];

export interface LogFields {
  /** `info` when nothing is said: all is as it should be. */
  readonly level?: Level | undefined;
  readonly [name: string]: unknown;
}

/** Logs an event, which is always the same text for the same kind of event. Never throws, never waits. */
export type Log = (event: string, fields?: LogFields) => void;

/** Bytes that wait for a reader of the log, at most; lines beyond that are dropped. */
export const MAX_UNREAD_LOG_BYTES = 65_536;

/** Lines of one event in one second, at most: clients cause events, and must not fill the disk with them. */
export const MAX_LINES_OF_EVENT = 20;
const EVENT_WINDOW_MS = 1_000;

/** The lines of one event in the present second. */
interface Window {
  readonly since: number;
  lines: number;
  suppressed: number;
}

/** Writes log lines to a stream that may be full, closed, or read by nobody. */
export class LogWriter {
  /** Lines that are less urgent are not written. */
  leastLevel: Level = 'info';
  readonly #stream: Writable;
  readonly #windows = new Map<string, Window>();
  /** Lines that could not be written and are not told of yet. */
  #dropped = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  readonly log: Log = (event, fields = {}) => {
    const { level = 'info' } = fields;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.leastLevel)) return;
    if (this.#mayPass(event, level)) this.#write(lineOf(event, fields), 1);
  };

  #mayPass(event: string, level: Level | undefined): boolean {
    const now = performance.now();
    let window = this.#windows.get(event);
    if (window === undefined || now - window.since >= EVENT_WINDOW_MS) {
      window = { since: now, lines: 0, suppressed: 0 };
      this.#windows.set(event, window);
    }
    if (window.lines++ < MAX_LINES_OF_EVENT) return true;
    if (window.suppressed++ === 0) this.#tellSuppressedLater(event, level, window);
    return false;
  }

  #tellSuppressedLater(event: string, level: Level | undefined, window: Window): void {
    const tell = () => {
      const fields = { level, of: event, count: window.suppressed };
      this.#write(lineOf('log lines suppressed', fields), window.suppressed);
    };
    setTimeout(tell, EVENT_WINDOW_MS).unref();
  }

  /** `stands` is the number of lines that are lost when this one is. */
  #write(line: string, stands: number): void {
    if (this.#stream.writableLength > MAX_UNREAD_LOG_BYTES) {
      this.#dropped += stands;
      return;
    }
    this.#stream.write(line, (error) => {
      if (error) this.#dropped += stands;
      else if (this.#dropped > 0 && this.#stream.writableLength === 0) this.#tellDropped();
    });
  }

  #tellDropped(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    this.#write(lineOf('log lines dropped', { level: 'warn', count }), count);
  }
}

function lineOf(event: string, { level = 'info', ...fields }: LogFields): string {
  const head = { time: new Date().toISOString(), level, event };
  try {
    return `${escaped(JSON.stringify({ ...head, ...fields }))}\n`;
  } catch (error) {
    // A field that JSON cannot hold.
    return `${JSON.stringify({ ...head, unprintable: (error as Error).message })}\n`;
  }
}

/** What JSON leaves as it is, and a terminal that shows the log would obey, or not show. */
const OBEYED = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(json: string): string {
  return json.replace(OBEYED, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

export const stderrLog = new LogWriter(process.stderr);
export const logToStderr: Log = stderrLog.log;
