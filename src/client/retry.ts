/** Trying again what the server cannot do now. */
import { setTimeout as pause } from 'node:timers/promises';
import { Refused } from './errors.ts';

/** Pauses between tries, milliseconds: 3.2 s in all. */
export const PAUSES_MS: readonly number[] = [50, 150, 500, 1_000, 1_500];

/**
 * Calls `ask` again, after growing pauses, while the server refuses with an error that passes (BUSY): nothing
 * happened then, and a later try can succeed. Throws what the last try, or any other failure, throws; a
 * refusal that no pause helps against, as `isLasting` says, at once.
 */
export async function withRetry<T>(
  pauses: readonly number[],
  ask: () => Promise<T>,
  isLasting: (refusal: Refused) => boolean = () => false,
): Promise<T> {
  for (const milliseconds of pauses) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || isLasting(error)) throw error;
      await pause(milliseconds);
    }
  }
  return ask();
}

function isPassing(error: unknown): error is Refused {
  return error instanceof Refused && error.meaning.retry === 'later';
}
