/** What people and scripts type: checked here as the server checks it, so that a slip costs no connection. */

import { readFileSync } from 'node:fs';
import { type Address, bareHost, type TlsTrust } from '../../client/address.ts';
import { whyUnread } from '../../file-reasons.ts';
import { printable } from '../../printable.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import {
  MAX_ARGUMENTS,
  MAX_INTEGER,
  MAX_ORDER_ID_LENGTH,
  MAX_ORDERS_COUNT,
} from '../../protocol/limits.ts';
import { usage } from '../failures.ts';

/** Leading zeros do not matter: barcodes are printed with them. */
const INTEGER = /^0*(\d{1,16})$/;
const ORDER_ID = new RegExp(`^[\\x21-\\x7e]{1,${MAX_ORDER_ID_LENGTH}}$`);

/** PURCHASE, ORDER and the id leave room for so many lines; so does RETURN, with the order that bought them. */
export const MAX_LINES = Math.floor((MAX_ARGUMENTS - 3) / 2);

/** HOLD has FOR and the time, too. */
export const MAX_HOLD_LINES = Math.floor((MAX_ARGUMENTS - 5) / 2);

/** INVENTORY leaves room for so many UPCs. */
const MAX_UPCS = MAX_ARGUMENTS - 1;

/** The value of a decimal integer from 1 to 2^53-1, or null. */
export function toPositive(word: string): number | null {
  const value = Number(INTEGER.exec(word)?.[1] ?? 0);
  return value >= 1 && value <= MAX_INTEGER ? value : null;
}

/** The lines of an order: the first UPC with the first quantity, and so on; the same UPC twice is summed. */
export function toLines(
  upcs: readonly string[],
  quantities: readonly string[],
  most: number = MAX_LINES,
): Line[] {
  if (upcs.length !== quantities.length) {
    throw usage(`each UPC needs its quantity: ${upcs.length} and ${quantities.length} were given`);
  }
  if (upcs.length === 0) throw usage('an order needs at least one UPC with its quantity');
  if (upcs.length > most) throw usage(`an order has at most ${most} lines`);
  const sums = new Map<number, number>();
  for (const [index, word] of upcs.entries()) {
    const upc = positive('UPC', word);
    const sum = (sums.get(upc) ?? 0) + positive('quantity', quantities[index] as string);
    if (sum > MAX_INTEGER) throw usage(`a quantity is at most ${MAX_INTEGER}`);
    sums.set(upc, sum);
  }
  return [...sums].map(([upc, qty]) => ({ upc, qty }));
}

/** The UPCs that a list is asked for, each once. */
export function toUpcs(words: readonly string[]): number[] {
  if (words.length > MAX_UPCS) throw usage(`at most ${MAX_UPCS} items can be asked for at once`);
  return [...new Set(words.map((word) => positive('UPC', word)))];
}

export function toOrderId(word: string): string {
  if (ORDER_ID.test(word)) return word;
  throw usage(`an order id is 1 to ${MAX_ORDER_ID_LENGTH} printable characters without spaces`);
}

export function toOrdersCount(word: string): number {
  const count = toPositive(word);
  if (count !== null && count <= MAX_ORDERS_COUNT) return count;
  throw usage(`--count is a whole number from 1 to ${MAX_ORDERS_COUNT}`);
}

export function toAddress(host: string, port: string): Address {
  const number = toPositive(port);
  if (number === null || number > 65_535)
    throw usage(`a port is a number from 1 to 65535, got '${port}'`);
  const bare = bareHost(host.toLowerCase());
  if (!/^[^\s/@\p{Cc}]{1,255}$/u.test(bare))
    throw usage(`'${printable(host)}' is not a valid host name`);
  return { host: bare, port: number };
}

/** Whom to trust over TLS; undefined without TLS. Reads the file of the authority. */
export function toTlsTrust(tls = false, caFile?: string): TlsTrust | undefined {
  if (caFile === undefined) return tls ? {} : undefined;
  // Whoever names an authority expects that it is asked for.
  if (!tls) throw usage('--tls-ca (INV_TLS_CA) goes with --tls (INV_TLS=1)');
  let ca: string;
  try {
    ca = readFileSync(caFile, 'utf8');
  } catch (error) {
    throw usage(`--tls-ca ${printable(caFile)}: ${whyUnread(error)}`);
  }
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw usage(`--tls-ca ${printable(caFile)}: it holds no certificate (PEM)`);
  }
  return { ca, caFile };
}

function positive(what: string, word: string): number {
  const value = toPositive(word);
  if (value !== null) return value;
  throw usage(`a ${what} is a whole number from 1 to ${MAX_INTEGER}, got '${printable(word)}'`);
}
