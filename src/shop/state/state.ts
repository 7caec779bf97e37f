/** What this client keeps, and the check of what a file says. What a file says is made printable here. */
import { parseAddress } from '../../client/address.ts';
import { NamedError } from '../../named-error.ts';
import { printable } from '../../printable.ts';
import { isOrderId, type Line } from '../../protocol/argument-checks.ts';
import { isRecord } from './is-record.ts';
import { fromVersion1 } from './version-1.ts';
import { fromVersion2 } from './version-2.ts';

export interface State {
  readonly version: 3;
  /** Per address (`localhost:5050`) the shop that the user logged in to there. */
  readonly servers: Record<string, string>;
  /** Per shop: its identity, or the address of a server that tells none (an address has a colon). */
  readonly shops: Record<string, KnownShop>;
  /** Per account; the key is a name for this file alone. */
  readonly accounts: Record<string, Account>;
  /** Accounts that were found to be the same as another: the key that each had, and the other's. */
  readonly merged: Record<string, string>;
}

interface KnownShop {
  /** When its data began or was last restored, as the server tells it; empty when it does not. */
  since: string;
  /** The account of the last login. */
  lastLogin: string;
}

export interface Account {
  readonly user: string;
  /** The shop that the account belongs to: a key of `shops`. */
  shop: string;
  /** The address of the last login. */
  server: string;
  /** The logins of this account, the newest last: one for each process that logged in. */
  logins: TokenLogin[];
  /** The local inventory, by UPC. */
  items: LocalItem[];
  /** What the server keeps for the user, as far as this machine knows; what ends first comes first. */
  holds: LocalHold[];
  openOrders: OpenOrder[];
  /** Ids of the orders and returns that last changed the local inventory; the oldest first. */
  recorded: string[];
}

/** `since` is the server's time of the login, milliseconds since 1970 UTC. */
export interface TokenLogin {
  readonly token: string;
  readonly since: number;
  /** The address where it was made, and the only one that its token is sent to. */
  readonly server: string;
}

export interface LocalItem {
  readonly upc: number;
  readonly name: string;
  /** The UPC as the shop writes it, where that is not what the number looks like. */
  readonly code?: string | undefined;
  readonly units: number;
}

/** Units that are kept for the user, and not bought. */
export interface LocalHold {
  readonly order: string;
  /** The server's time from which on the units are everybody's: milliseconds since 1970 UTC. */
  readonly until: number;
  /** The same moment by the clock of this machine, which may go wrong. */
  readonly ends: number;
  readonly items: readonly LocalItem[];
}

/** What is asked of a server under an order id: it is done once, however often it is sent. */
export type OrderRequest = {
  /** The id: of a confirm, the one of the hold that it buys. */
  readonly order: string;
  readonly lines: readonly Line[];
} & (
  | { readonly kind: 'purchase' | 'confirm' }
  | { readonly kind: 'hold'; readonly seconds: number }
  /** `of`: the order that bought the units. */
  | { readonly kind: 'return'; readonly of: string }
);

/** Where an order was last sent. */
export interface SentTo {
  /** The address. */
  readonly server: string;
  /** The shop's `since` at that time, or KEPT. */
  readonly since: string;
}

/** A request whose outcome is not known. */
export type OpenOrder = OrderRequest &
  SentTo & {
    /** How many processes may have sent it. While it is 1, that process alone can rule out that it was sent. */
    readonly senders: number;
  };

/** The last moment that a Date can hold, and this file: milliseconds since 1970 UTC. */
export const END_OF_TIME = 8_640_000_000_000_000;

/** In the place of an order's `since`: its shop has lost what it sold, and the order is kept and not sent. */
export const KEPT = 'kept';

export function emptyState(): State {
  return { version: 3, servers: {}, shops: {}, accounts: {}, merged: {} };
}

export function emptyAccount(user: string, shop: string, server: string): Account {
  return { user, shop, server, logins: [], items: [], holds: [], openOrders: [], recorded: [] };
}

/** The text is not one of our files, or only a part of one. */
export class DamagedState extends NamedError {}

/** The file is from a newer version of this program, which may keep things that this one would lose. */
export class NewerState extends NamedError {}

export interface ParsedState {
  readonly state: State;
  /** The parts that make no sense and were left out, by name. The others are as they were. */
  readonly damaged: readonly string[];
}

/** Throws DamagedState when nothing of the text can be used, and NewerState. */
export function parseState(text: string): ParsedState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DamagedState('it is not JSON');
  }
  if (!isRecord(value)) throw new DamagedState('it is no JSON object');
  const version = value.version;
  if (typeof version === 'number' && version > 3) throw new NewerState();
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new DamagedState('it has no version');
  }
  const second = version === 1 ? fromVersion1(value) : value;
  const raw = version === 3 ? value : fromVersion2(second);
  if (!isRecord(raw.accounts)) throw new DamagedState('"accounts" is no object');

  const state = emptyState();
  const damaged: string[] = [];
  const take = <T>(part: string, into: Record<string, T>, read: (value: unknown) => T | null) => {
    const entries = raw[part];
    if (!isRecord(entries)) {
      damaged.push(part);
      return;
    }
    for (const [name, entry] of Object.entries(entries)) {
      const read1 = read(entry);
      if (read1 === null || name === '__proto__') damaged.push(`${part} ${printable(name)}`);
      else into[name] = read1;
    }
  };
  take('servers', state.servers, toText);
  take('shops', state.shops, toShop);
  take('accounts', state.accounts, toAccount);
  take('merged', state.merged, toText);
  return { state, damaged };
}

function toText(value: unknown): string | null {
  return isText(value) ? value : null;
}

function toShop(value: unknown): KnownShop | null {
  if (!isRecord(value) || !isText(value.since) || !isText(value.lastLogin)) return null;
  return { since: value.since, lastLogin: value.lastLogin };
}

function toAccount(value: unknown): Account | null {
  if (!isRecord(value)) return null;
  const { user, shop, server, logins, items, holds, openOrders, recorded } = value;
  const isWhole =
    isText(user) &&
    isText(shop) &&
    isText(server) &&
    isListOf(logins, isLogin) &&
    isListOf(items, isItem) &&
    isListOf(holds, isHold) &&
    isListOf(openOrders, isOpenOrder) &&
    isListOf(recorded, isId);
  if (!isWhole) return null;
  return {
    user: printable(user),
    shop,
    server: printable(server),
    logins: withServer(logins as TokenLogin[], printable(server)),
    items: (items as LocalItem[]).map(toItem),
    holds: (holds as LocalHold[]).map(toHold),
    openOrders: withServer(openOrders as OpenOrder[], printable(server)),
    recorded: recorded as string[],
  };
}

/** What an earlier version wrote has no address of its own: it is taken to be of the account's. */
function withServer<T extends { readonly server?: string }>(list: T[], server: string): T[] {
  return list.map((one) => ({ ...one, server: printable(one.server ?? server) }));
}

function isServer(value: unknown): boolean {
  return value === undefined || (isText(value) && parseAddress(value) !== null);
}

function isLogin(value: unknown): boolean {
  return isRecord(value) && isToken(value.token) && isTime(value.since) && isServer(value.server);
}

function isItem(value: unknown): boolean {
  return isRecord(value) && isCount(value.upc) && isText(value.name) && isCount(value.units);
}

function toItem({ upc, name, units, code }: LocalItem): LocalItem {
  const item = { upc, name: printable(name), units };
  return typeof code === 'string' && /^\d{1,32}$/.test(code) ? { ...item, code } : item;
}

function isHold(value: unknown): boolean {
  return (
    isRecord(value) &&
    isId(value.order) &&
    isTime(value.until) &&
    isTime(value.ends) &&
    isListOf(value.items, isItem)
  );
}

function toHold({ order, until, ends, items }: LocalHold): LocalHold {
  return { order, until, ends, items: items.map(toItem) };
}

function isOpenOrder(value: unknown): boolean {
  return (
    isRecord(value) &&
    isKind(value) &&
    isId(value.order) &&
    isCount(value.senders) &&
    isText(value.since) &&
    isServer(value.server) &&
    isListOf(value.lines, (line) => isRecord(line) && isCount(line.upc) && isCount(line.qty))
  );
}

function isKind({ kind, seconds, of }: Record<string, unknown>): boolean {
  if (kind === 'hold') return isCount(seconds);
  return kind === 'return' ? isId(of) : kind === 'purchase' || kind === 'confirm';
}

function isListOf(value: unknown, isOne: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Printable ASCII without spaces. */
function isToken(value: unknown): boolean {
  return isText(value) && /^[\x21-\x7e]{1,512}$/.test(value);
}

function isId(value: unknown): boolean {
  return isText(value) && isOrderId(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): boolean {
  return isCount(value) && (value as number) <= END_OF_TIME;
}
