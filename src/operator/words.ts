/** What an operator types: numbers, times and texts, checked before anything is opened; and how they are told back. */
import { userInfo } from 'node:os';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import type { Codes } from '../inventory/operator-data.ts';
import { withoutPasswords } from '../without-passwords.ts';

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** Leading zeros do not matter: barcodes are printed with them. */
const UPC = /^0*(\d{1,16})$/;
const UNITS = /^([+-]?)0*(\d{1,16})$/;

const MAX_REASON_LENGTH = 200;

/** A date, or a date with a time; the zone, when there is one, behind it. */
const TIME =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<clock>\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(?<zone>Z|[+-]\d\d:\d\d)?)?$/i;

export function usageFailure(sentence: string): CommandFailure {
  return new CommandFailure(sentence, 'USAGE', ExitCode.usage);
}

export function toUpc(word: string): number {
  const value = Number(UPC.exec(word)?.[1] ?? 0);
  if (value >= 1 && value <= MAX_INTEGER) return value;
  throw usageFailure(`--upc is a whole number from 1 to ${MAX_INTEGER}, got ${quoted(word)}`);
}

/** `UPC 0012`, as the catalogue writes it. */
export function namedUpc(upc: number, codes: Codes): string {
  return `UPC ${codes.get(upc) ?? upc}`;
}

/** A change of units: `+50`, `50` or `-3`. */
export function toUnits(word: string): number {
  const [, sign, digits] = UNITS.exec(word) ?? [];
  const value = Number(digits ?? 0);
  if (value >= 1 && value <= MAX_INTEGER) return sign === '-' ? -value : value;
  throw usageFailure(
    `--units is how many units come (+50) or go (-3), at most ${MAX_INTEGER}, got ${quoted(word)}`,
  );
}

/** A sentence that people read later. */
export function toReason(text: string): string {
  const reason = text.trim();
  if (reason.length <= MAX_REASON_LENGTH && !/\p{Cc}/u.test(reason) && reason.isWellFormed()) {
    return reason;
  }
  throw usageFailure(
    `--reason has at most ${MAX_REASON_LENGTH} characters, and no control characters`,
  );
}

/**
 * A time in milliseconds since 1970 UTC. A date is its first moment, and a time without a zone is UTC, as all
 * times that inv prints: the shop's books do not depend on where they are read.
 */
export function toTime(option: string, word: string): number {
  const parts = TIME.exec(word)?.groups;
  if (parts !== undefined) {
    const { date, clock = '00:00', zone = 'Z' } = parts;
    const time = Date.parse(`${date}T${clock}${zone.toUpperCase()}`);
    // 30 February would be read as 2 March.
    const day = Date.parse(`${date}T00:00Z`);
    const isRealDay = !Number.isNaN(day) && isoTime(day).startsWith(date as string);
    if (!Number.isNaN(time) && isRealDay) return time;
  }
  throw usageFailure(
    `${option} is a date (2026-11-25) or a time (2026-11-25T18:30:00Z; UTC unless it says otherwise), ` +
      `got ${quoted(word)}`,
  );
}

/** The user of this process, as the system knows it. */
export function whoIsThis(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may have no name for its user id.
    return `user id ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** `1 order`, `2 orders` */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `2026-11-22T14:28:03.123Z` */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function quoted(word: string): string {
  const clean = withoutPasswords(word).replace(/\p{C}/gu, '?');
  return `'${clean.length > 40 ? `${clean.slice(0, 40)}…` : clean}'`;
}
