/**
 * What the server answers, checked against what was asked, and typed. Texts for people are made
 * printable here, where they enter, and so are harmless wherever they go: a terminal, JSON, the
 * local file.
 */

import { NamedError } from '../named-error.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { fromWire } from '../protocol/encoder.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';
import { printable } from './printable.ts';

/** Which shop a server serves. */
export interface ServedShop {
  /** The identity of its data file or database, made with it and kept by copies of it. */
  readonly id: string;
  /** When the data began, or was last restored from a backup: another one means an older state. */
  readonly since: string;
}

export interface LoggedInUser {
  readonly user: string;
  readonly since: number;
}

export interface StockItem {
  readonly upc: number;
  readonly name: string;
  /** The UPC as the shop writes it, with leading zeros; only where that is not what the number looks like. */
  readonly code?: string | undefined;
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

/** A longer name is cut: the local file keeps names. */
const MAX_NAME_LENGTH = 256;

const MAX_VERSION_LENGTH = 64;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** HELLO's reply, which must say that the server is inv; the identity that it tells, if any. */
export function toServedShop(value: ReplyValue): ServedShop | null {
  const map = mapOf(value);
  if (map.get('server') !== 'inv') throw new UnexpectedReply('"server" is not inv');
  const id = map.get('shop');
  if (id === undefined || id === null) return null;
  const since = String(map.get('shop_since') ?? '');
  if (!UUID.test(String(id)) || !/^[\x21-\x7e]{0,64}$/.test(since)) {
    throw new UnexpectedReply('an identity of odd characters');
  }
  return { id: String(id), since };
}

/** The version of inv that HELLO's reply tells; null where it tells none. */
export function toServerVersion(value: ReplyValue): string | null {
  const version = mapOf(value).get('version');
  return typeof version === 'string' ? printable(version).slice(0, MAX_VERSION_LENGTH) : null;
}

export function toToken(value: ReplyValue): string {
  const token = textOf(mapOf(value), 'token');
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) throw new UnexpectedReply('a token of odd characters');
  return token;
}

/** Throws when it is another user's login than the one asked for. */
export function toLoggedInUser(value: ReplyValue, asked?: string): LoggedInUser {
  const map = mapOf(value);
  const user = textOf(map, 'user');
  if (asked !== undefined && user !== printable(asked)) throw new UnexpectedReply('another user');
  return { user, since: timeOf(map, 'since') };
}

/** The items, each at most once; of those asked for, when some were. */
export function toItems(value: ReplyValue, asked: readonly number[] = []): StockItem[] {
  const wanted = new Set(asked);
  const seen = new Set<number>();
  return listOf(value).map((entry) => {
    const map = mapOf(entry);
    const upc = integerOf(map, 'upc');
    if (wanted.size > 0 && !wanted.has(upc)) throw new UnexpectedReply('another item');
    if (seen.has(upc)) throw new UnexpectedReply('an item twice');
    seen.add(upc);
    const name = textOf(map, 'name').slice(0, MAX_NAME_LENGTH);
    const available = integerOf(map, 'available');
    const code = codeOf(map, upc);
    return code === undefined ? { upc, name, available } : { upc, name, code, available };
  });
}

/** Digits that mean this UPC, and no more of them than tables can show; anything else is left out. */
function codeOf(map: ReadonlyMap<string, ReplyValue>, upc: number): string | undefined {
  const code = map.get('code');
  const isCode = typeof code === 'string' && /^\d{1,32}$/.test(code) && Number(code) === upc;
  return isCode ? code : undefined;
}

/** The receipt of `order`. With `asked`, it must have bought exactly those lines. */
export function toReceipt(value: ReplyValue, order: string, asked?: readonly Line[]): Receipt {
  const map = mapOf(value);
  const replayed = map.get('replayed');
  if (typeof replayed !== 'boolean') throw new UnexpectedReply('"replayed" is no boolean');
  if (map.get('order') !== order) throw new UnexpectedReply('it is about another order');
  const lines = toLines(map.get('lines'));
  if (lines.length === 0) throw new UnexpectedReply('a receipt without lines');
  if (asked !== undefined && !areSame(lines, asked)) {
    throw new UnexpectedReply('it is about other items or quantities');
  }
  return { order, at: timeOf(map, 'at'), replayed, lines };
}

/** Whether a receipt has each UPC that was asked for once, with the sum of its quantities. */
function areSame(lines: readonly ReceiptLine[], asked: readonly Line[]): boolean {
  const left = new Map<number, number>();
  for (const { upc, qty } of asked) left.set(upc, (left.get(upc) ?? 0) + qty);
  return (
    lines.every(({ upc, qty }) => left.get(upc) === qty && left.delete(upc)) && left.size === 0
  );
}

/** At most `count` orders, each with an id of its own. */
export function toPastOrders(value: ReplyValue, count: number): PastOrder[] {
  const entries = listOf(value);
  if (entries.length > count) throw new UnexpectedReply('more orders than were asked for');
  return entries.map((entry) => {
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
