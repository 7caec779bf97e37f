/** An order as both stores write it: a row that an operator can read with the database's own tools. */

import { refusedHold } from '../inventory/hold-state.ts';
import { type HoldTerms, type Order, Refusal, type RefusalCode } from '../inventory/model.ts';
import { faultyOrder } from '../inventory/refusals.ts';

export interface OrderRow {
  readonly user: string;
  readonly id: string;
  readonly at: number;
  readonly lines: string;
  readonly refusal: string | null;
  readonly position: string | null;
  /** Of a hold that was not refused: held, bought or released; of a return: returned. */
  readonly state?: string | null;
  /** The end of a hold. */
  readonly until?: number | null;
  /** What a hold asked with FOR. */
  readonly seconds?: number | null;
  /** When a hold was confirmed or released. */
  readonly ended?: number | null;
  /** Of a return: the order under which its units were bought. */
  readonly of?: string | null;
}

/** What all orders have. */
export const ORDER_COLUMNS = '"user", id, at, lines, refusal, position';

/** What only holds and returns have. */
export const HOLD_COLUMNS = 'state, until, seconds, ended, "of"';

/** In the order of text, behind every UUID. */
export const BEHIND_EVERY_ID = 'g';

/** The order of the primary key. */
export function byKey(one: Order, other: Order): number {
  if (one.user !== other.user) return one.user < other.user ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

/**
 * `[[upc, qty, available], …]`; available is null in a refused order. For one of many lines, their digest. Units that
 * came back in the batch that bought them are the fourth number of their line.
 */
export function writeLines({ lines, digest }: Pick<Order, 'lines' | 'digest'>): string {
  if (digest !== undefined) return JSON.stringify(digest);
  let text = '';
  for (const { upc, qty, available, returned } of lines) {
    text += `${text === '' ? '[' : ','}[${upc},${qty},${available}`;
    text += returned === undefined ? ']' : `,${returned}]`;
  }
  return `${text}]`;
}

/** The values of HOLD_COLUMNS. */
export function holdValues({ hold, of, refusal }: Order): (string | number | null)[] {
  if (hold === undefined)
    return [of !== undefined && refusal === null ? 'returned' : null, null, null, null, of ?? null];
  if (refusal !== null) return [null, null, hold.seconds, null, null];
  return [hold.state, hold.until, hold.seconds, hold.ended, null];
}

/** `CODE sentence`, as the error reply of the order. */
export function writeRefusal(refusal: Refusal | null): string | null {
  return refusal === null ? null : `${refusal.code} ${refusal.message}`;
}

/**
 * The order of a row. SQL may have written anything into it: a row that cannot be read is an order that is
 * refused with UNAVAILABLE, so that nothing but asking for it fails; `onFault` is told what is wrong with it.
 */
export function orderFromRow(row: OrderRow, onFault: (fault: string) => void): Order {
  const { user, id, at, lines, refusal, position } = row;
  try {
    const kept = { ...readLines(lines), ...readHold(row) };
    if (refusal !== null) return { user, id, at, ...kept, refusal: readRefusal(refusal), position };
    if (!kept.lines.every(({ available }) => available !== null) || kept.digest !== undefined) {
      throw new Error('its "lines" do not say what was left, and its "refusal" is NULL');
    }
    return { user, id, at, ...kept, refusal, position };
  } catch (error) {
    const { message } = error as Error;
    onFault(`order ${id} of ${user}: ${message}`);
    return { user, id, at, lines: [], refusal: faultyOrder(id, message), position };
  }
}

/** Throws an error that says what is wrong. */
function readLines(text: string): Pick<Order, 'lines' | 'digest'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('its "lines" are no JSON');
  }
  if (typeof value === 'string') return { lines: [], digest: value };
  if (!Array.isArray(value) || !value.every(isLine)) {
    throw new Error('its "lines" are no list of [upc, qty, available]');
  }
  return {
    lines: value.map(([upc, qty, available, returned]) =>
      returned === undefined ? { upc, qty, available } : { upc, qty, available, returned },
    ),
  };
}

type StoredLine = readonly [upc: number, qty: number, available: number | null, returned?: number];

function isLine(value: unknown): value is StoredLine {
  if (!Array.isArray(value) || value.length < 3 || value.length > 4) return false;
  const [upc, qty, available, returned = 0] = value;
  return (
    isCount(upc) &&
    isCount(qty) &&
    (available === null || isCount(available)) &&
    isCount(returned) &&
    returned <= qty
  );
}

/** What makes the order more than a purchase. Throws an error that says what is wrong. */
function readHold({
  refusal,
  state,
  until,
  seconds,
  ended,
  of,
}: OrderRow): Pick<Order, 'hold' | 'of'> {
  const isRefused = refusal !== null;
  if (of !== undefined && of !== null) {
    if (!isRefused && state !== 'returned')
      throw new Error(`its "state" is ${state}, and it has an "of"`);
    return { of };
  }
  if (seconds === undefined || seconds === null) {
    if (state === undefined || state === null) return {};
    throw new Error(`its "state" is ${state}, and its "seconds" is NULL`);
  }
  if (isRefused) return { hold: refusedHold(seconds) };
  if (!isHoldState(state) || !isCount(until)) {
    throw new Error(`its "state" is ${state} and its "until" ${until}: it is no hold`);
  }
  if ((state === 'held') !== (ended === null)) {
    throw new Error(`its "state" is ${state}, and its "ended" ${ended}`);
  }
  return { hold: { seconds, until: until as number, state, ended: ended ?? null } };
}

function isHoldState(state: unknown): state is HoldTerms['state'] {
  return state === 'held' || state === 'bought' || state === 'released';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const REFUSAL = /^(NOITEM|NOSTOCK|LIMIT|NORETURN|NOTBOUGHT) ([^\r\n]+)$/;
const SHORTAGE = /(\d+) asked (\d+) available (\d+)/g;

/** Throws an error that says what is wrong. */
function readRefusal(text: string): Refusal {
  const [, code, message = ''] = REFUSAL.exec(text) ?? [];
  if (code === undefined) throw new Error('its "refusal" is no code and sentence');
  const shortages = Array.from(message.matchAll(SHORTAGE), ([, upc, asked, available]) => ({
    ...{ upc: Number(upc), asked: Number(asked), available: Number(available) },
  }));
  return new Refusal(code as RefusalCode, message, shortages);
}
