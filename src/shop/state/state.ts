/** What this client keeps, and the check of what a file says. */
import { NamedError } from '../../named-error.ts';
import type { Line } from '../../protocol/argument-checks.ts';

export interface State {
  readonly version: 1;
  /** Per server (`localhost:5050`) the account of the last login there. */
  readonly servers: Record<string, string>;
  /** Per account (`alice@localhost:5050`). */
  readonly accounts: Record<string, Account>;
}

export interface Account {
  readonly user: string;
  /** The login, or null after a logout. `since` is the server's time, milliseconds since 1970 UTC. */
  login: { readonly token: string; readonly since: number } | null;
  /** The local inventory, by UPC. */
  items: LocalItem[];
  openOrders: OpenOrder[];
  /** Ids of the orders that were last added to the local inventory; the oldest first. */
  recorded: string[];
}

export interface LocalItem {
  readonly upc: number;
  readonly name: string;
  readonly units: number;
}

export interface OpenOrder {
  readonly order: string;
  readonly lines: readonly Line[];
  /** Processes that sent it or are about to. With one, that process knows all that can have come of it. */
  readonly tries: number;
}

export function emptyState(): State {
  return { version: 1, servers: {}, accounts: {} };
}

export function emptyAccount(user: string): Account {
  return { user, login: null, items: [], openOrders: [], recorded: [] };
}

/** The text is not one of our files, or only a part of one. */
export class DamagedState extends NamedError {}

/** The file is from a newer version of this program, which may keep things that this one would lose. */
export class NewerState extends NamedError {}

export function parseState(text: string): State {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DamagedState('it is not JSON');
  }
  if (!isRecord(value)) throw new DamagedState('it is no JSON object');
  if (typeof value.version === 'number' && value.version > 1) throw new NewerState();
  if (value.version !== 1) throw new DamagedState('it has no version');
  if (!isRecord(value.servers) || !Object.values(value.servers).every(isText)) {
    throw new DamagedState('"servers" is no list of accounts');
  }
  if (!isRecord(value.accounts)) throw new DamagedState('"accounts" is no object');
  for (const [name, account] of Object.entries(value.accounts)) {
    if (!isAccount(account)) throw new DamagedState(`account "${name}" is not whole`);
  }
  return value as unknown as State;
}

function isAccount(value: unknown): value is Account {
  return (
    isRecord(value) &&
    isText(value.user) &&
    (value.login === null || isLogin(value.login)) &&
    isListOf(value.items, isItem) &&
    isListOf(value.openOrders, isOpenOrder) &&
    isListOf(value.recorded, isText)
  );
}

function isLogin(value: unknown): boolean {
  return isRecord(value) && isText(value.token) && isCount(value.since);
}

function isItem(value: unknown): boolean {
  return isRecord(value) && isCount(value.upc) && isText(value.name) && isCount(value.units);
}

function isOpenOrder(value: unknown): boolean {
  return (
    isRecord(value) &&
    isText(value.order) &&
    isCount(value.tries) &&
    isListOf(value.lines, (line) => isRecord(line) && isCount(line.upc) && isCount(line.qty))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, isOne: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
