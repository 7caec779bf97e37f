/** The words behind a verb: lines, credentials, numbers and order ids, and the error for a bad one. */
import { ErrorReply } from './error-codes.ts';
import {
  MAX_COMMAND_BYTES,
  MAX_INTEGER,
  MAX_NUMBER_DIGITS,
  MAX_ORDER_ID_LENGTH,
} from './limits.ts';

/** One UPC and the quantity asked of it. */
export interface Line {
  readonly upc: number;
  readonly qty: number;
}

/** A user's name and password, as texts that are prepared for comparing; no wire strings. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const ZERO = 48;

/** What no order id has. To look for it takes half the time of matching all of an id. */
const NOT_PRINTABLE = /[^\x21-\x7e]/;

/** The value of a decimal integer from 1 to MAX_INTEGER, or null. Leading zeros are fine: UPCs have them. */
export function positive(word: string): number | null {
  const { length } = word;
  if (length > MAX_NUMBER_DIGITS) return null;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = word.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return null;
    value = 10 * value + digit;
  }
  return value >= 1 && value <= MAX_INTEGER ? value : null;
}

/**
 * A copy of a word that outlives its request. A part of a string keeps the whole string alive: a name of
 * 20 characters would keep the 64 KB in which it arrived.
 */
export function detached(word: string): string {
  return COPY.toString('latin1', 0, COPY.write(word, 'latin1'));
}

/** Holds the longest word. A new buffer for each would be collected as slowly as it is made. */
const COPY = Buffer.allocUnsafeSlow(MAX_COMMAND_BYTES);

/** 1 to 64 printable ASCII characters without spaces. */
export function isOrderId(word: string): boolean {
  const { length } = word;
  return length >= 1 && length <= MAX_ORDER_ID_LENGTH && !NOT_PRINTABLE.test(word);
}

export function badNumber(what: string, word: string): ErrorReply {
  return new ErrorReply(
    'ERR',
    `a ${what} is a whole number from 1 to ${MAX_INTEGER}, got '${quotable(word)}'`,
  );
}

export function badOrderId(): ErrorReply {
  return new ErrorReply(
    'ERR',
    `an order id is 1 to ${MAX_ORDER_ID_LENGTH} printable characters without spaces`,
  );
}

/** What a peer sent, short enough and without control characters, to be quoted in an error. */
export function quotable(word: string): string {
  const clean = word.replace(/[^\x21-\x7e]/g, '?');
  return clean.length > 32 ? `${clean.slice(0, 32)}...` : clean;
}
