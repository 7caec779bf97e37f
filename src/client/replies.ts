/**
 * What the server answers, checked against what was asked, and typed. Texts for people are made
 * printable here, where they enter, and so are harmless wherever they go: a terminal, JSON, the
 * local file.
 */

import { printable } from '../printable.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';
import { prepareName } from '../user-name.ts';
import { has, integerOf, listOf, mapOf, textOf, timeOf, UnexpectedReply } from './reply-fields.ts';

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
  /** How many of it a customer can buy; only where there is a limit. */
  readonly limit?: number;
  /** Whether units of it may be given back; only where they may. */
  readonly returns?: true;
}

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
  if (asked !== undefined && prepareName(user) !== prepareName(printable(asked))) {
    throw new UnexpectedReply('another user');
  }
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
    const name = shortened(textOf(map, 'name'));
    const available = integerOf(map, 'available');
    const code = codeOf(map.get('code'), upc);
    return {
      ...(code === undefined ? { upc, name } : { upc, name, code }),
      available,
      ...(has(map, 'limit') && { limit: integerOf(map, 'limit') }),
      ...(map.get('returns') === true && { returns: true as const }),
    };
  });
}

/** A name that is no longer than is kept. */
export function shortened(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH);
}

/** Digits that mean this UPC, and no more of them than tables can show; anything else is left out. */
export function codeOf(code: unknown, upc: number): string | undefined {
  const isCode = typeof code === 'string' && /^\d{1,32}$/.test(code) && Number(code) === upc;
  return isCode ? code : undefined;
}

/** The time of the shop, as TIME tells it: milliseconds since 1970 UTC. */
export function toServerTime(value: ReplyValue): number {
  const [seconds, micros] = listOf(value).map(Number);
  const time = (seconds ?? Number.NaN) * 1000 + Math.floor((micros ?? Number.NaN) / 1000);
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw new UnexpectedReply('it is no time');
}
