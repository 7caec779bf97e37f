import { setTimeout as pause } from 'node:timers/promises';
import { BUSY, resultCode } from './result-codes.ts';

/** How long a batch waits for an operator's own write transaction on the file. */
const LOCK_TIMEOUT_MS = 1_000;

/** The longest pause between two tries. */
const LONGEST_PAUSE_MS = 10;

/**
 * Tries until no other program holds the data file, and lets the event loop turn meanwhile: waiting inside
 * SQLite would stop it. Throws SQLite's error after LOCK_TIMEOUT_MS, and any other error at once.
 */
export async function whenFree<Result>(attempt: () => Result | Promise<Result>): Promise<Result> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (let wait = 1; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    await pause(wait);
    try {
      return await attempt();
    } catch (error) {
      if (resultCode(error) !== BUSY || performance.now() > deadline) throw error;
    }
  }
}
