/**
 * What the server answers, checked and typed. Texts for people are made printable here, where they
 * enter, and so are harmless wherever they go: a terminal, JSON, the local file.
 */

import { NamedError } from '../named-error.ts';
import { fromWire } from '../protocol/encoder.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';
import { printable } from './printable.ts';

export interface LoggedInUser {
  readonly user: string;
  readonly since: number;
}

export interface StockItem {
  readonly upc: number;
  readonly name: string;
  readonly available: number;
}

/** One UPC of an order; `available` are the units left after it. */
export interface ReceiptLine {
  readonly upc: number;
  readonly qty: number;
  readonly available: number;
}

export interface Receipt {
  readonly order: string;
  readonly at: number;
  /** Whether the order had this outcome already, so that nothing was bought now. */
  readonly replayed: boolean;
  readonly lines: readonly ReceiptLine[];
}

export interface PastOrder {
  readonly order: string;
  readonly at: number;
  readonly lines: readonly ReceiptLine[];
  /** `CODE sentence` when the order was refused. */
  readonly refusal: string | null;
}

/** A reply that is well formed and yet not what its request is answered with. */
export class UnexpectedReply extends NamedError {}

export function toToken(value: ReplyValue): string {
  const token = textOf(mapOf(value), 'token');
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) throw new UnexpectedReply('a token of odd characters');
  return token;
}

export function toLoggedInUser(value: ReplyValue): LoggedInUser {
  const map = mapOf(value);
  return { user: textOf(map, 'user'), since: timeOf(map, 'since') };
}

export function toItems(value: ReplyValue): StockItem[] {
  return listOf(value).map((entry) => {
    const map = mapOf(entry);
    return {
      upc: integerOf(map, 'upc'),
      name: textOf(map, 'name'),
      available: integerOf(map, 'available'),
    };
  });
}

export function toReceipt(value: ReplyValue): Receipt {
  const map = mapOf(value);
  const replayed = map.get('replayed');
  if (typeof replayed !== 'boolean') throw new UnexpectedReply('"replayed" is no boolean');
  return {
    order: textOf(map, 'order'),
    at: timeOf(map, 'at'),
    replayed,
    lines: toLines(map.get('lines')),
  };
}

export function toPastOrders(value: ReplyValue): PastOrder[] {
  return listOf(value).map((entry) => {
    const map = mapOf(entry);
    return {
      order: textOf(map, 'order'),
      at: timeOf(map, 'at'),
      lines: toLines(map.get('lines')),
      refusal: map.get('refusal') === null ? null : textOf(map, 'refusal'),
    };
  });
}

function toLines(value: ReplyValue | undefined): ReceiptLine[] {
  return listOf(value).map((entry) => {
    const map = mapOf(entry);
    return {
      upc: integerOf(map, 'upc'),
      qty: integerOf(map, 'qty'),
      available: integerOf(map, 'available'),
    };
  });
}

function mapOf(value: ReplyValue): ReadonlyMap<string, ReplyValue> {
  if (value instanceof Map) return value;
  throw new UnexpectedReply('a map was expected');
}

function listOf(value: ReplyValue | undefined): readonly ReplyValue[] {
  if (Array.isArray(value)) return value;
  throw new UnexpectedReply('a list was expected');
}

function textOf(map: ReadonlyMap<string, ReplyValue>, name: string): string {
  const value = map.get(name);
  if (typeof value === 'string') return printable(fromWire(value));
  throw new UnexpectedReply(`"${name}" is no text`);
}

/** The last moment that a Date can hold. */
const MAX_TIME = 8_640_000_000_000_000;

function timeOf(map: ReadonlyMap<string, ReplyValue>, name: string): number {
  const value = integerOf(map, name);
  if (value <= MAX_TIME) return value;
  throw new UnexpectedReply(`"${name}" is no time`);
}

function integerOf(map: ReadonlyMap<string, ReplyValue>, name: string): number {
  const value = map.get(name);
  if (typeof value === 'number' && value >= 0) return value;
  throw new UnexpectedReply(`"${name}" is no whole number from 0`);
}
