/** An order as both stores write it: a row that an operator can read with the database's own tools. */
import { type Order, type OrderLine, Refusal, type RefusalCode } from '../inventory/model.ts';

export interface OrderRow {
  readonly user: string;
  readonly id: string;
  readonly at: number;
  readonly lines: string;
  readonly refusal: string | null;
  readonly position: string | null;
}

export const ORDER_COLUMNS = '"user", id, at, lines, refusal, position';

/** In the order of text, behind every UUID. */
export const BEHIND_EVERY_ID = 'g';

/** The order of the primary key. */
export function byKey(one: Order, other: Order): number {
  if (one.user !== other.user) return one.user < other.user ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

/** `[[upc, qty, available], …]`; available is null in a refused order. */
export function writeLines(lines: readonly OrderLine[]): string {
  let text = '';
  for (const { upc, qty, available } of lines) {
    text += `${text === '' ? '[' : ','}[${upc},${qty},${available}]`;
  }
  return `${text}]`;
}

/** `CODE sentence`, as the error reply of the order. */
export function writeRefusal(refusal: Refusal | null): string | null {
  return refusal === null ? null : `${refusal.code} ${refusal.message}`;
}

export function orderFromRow(row: OrderRow): Order {
  const lines = JSON.parse(row.lines) as [number, number, number | null][];
  return {
    user: row.user,
    id: row.id,
    at: row.at,
    lines: lines.map(([upc, qty, available]) => ({ upc, qty, available })),
    refusal: row.refusal === null ? null : readRefusal(row.refusal),
    position: row.position,
  };
}

function readRefusal(text: string): Refusal {
  const space = text.indexOf(' ');
  return new Refusal(text.slice(0, space) as RefusalCode, text.slice(space + 1));
}
