/** How long a hold lasts: as people write it, and what is left of it. */
import { printable } from '../../printable.ts';
import { usage } from '../failures.ts';

/** No server keeps a hold for longer than a day; most for far less. */
const MAX_HOLD_SECONDS = 86_400;

const SECONDS = { s: 1, m: 60, h: 3_600 } as const;

/** Whole seconds of `90`, `90s`, `10m` or `2h`: 1 to MAX_HOLD_SECONDS. */
export function toSeconds(word: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})([smh]?)$/i.exec(word) ?? [];
  const factor = SECONDS[(unit || 's').toLowerCase() as keyof typeof SECONDS];
  if (digits === undefined) {
    throw usage(
      `a time is a whole number with s, m or h behind it, such as 90s, 10m or 2h; got '${printable(word)}'`,
    );
  }
  const seconds = Number(digits) * factor;
  if (seconds >= 1 && seconds <= MAX_HOLD_SECONDS) return seconds;
  throw usage(`units can be held for 1s to 24h, not for '${word}'`);
}

/** What is left until `ends`, by this machine's clock: `9 min 58 s`. Ended: `none`. */
export function timeLeft(ends: number, now = Date.now()): string {
  if (ends <= now) return 'none';
  const left = Math.max(1, Math.floor((ends - now) / 1_000));
  const [hours, minutes, seconds] = [
    Math.floor(left / 3_600),
    Math.floor(left / 60) % 60,
    left % 60,
  ];
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  if (minutes === 0) return `${seconds} s`;
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}
