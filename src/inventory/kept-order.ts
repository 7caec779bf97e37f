/** What is kept of an order, and how a request is compared with it. */
import { hash } from 'node:crypto';
import { stateOf } from './hold-state.ts';
import type { Order, PurchaseRequest, Refusal, RefusalCode, SingleOutcome } from './model.ts';
import { MAX_NAMED_LINES, toldAgain } from './refusals.ts';

type Lines = PurchaseRequest['lines'];

const FINAL: ReadonlySet<RefusalCode> = new Set([
  'NOITEM',
  'NOSTOCK',
  'LIMIT',
  'NORETURN',
  'NOTBOUGHT',
] as const);

/** Whether a refusal is the outcome of its order for ever, and so must be kept. */
export function isFinal({ code }: Refusal): boolean {
  return FINAL.has(code);
}

/** Whether the row of an order could be read; of one that could not, only that is known. */
export function isReadable({ refusal }: Order): boolean {
  return refusal === null || isFinal(refusal);
}

/** What the order is answered with again; `now` tells what a hold is by now. */
export function firstOutcome(order: Order, now: number): SingleOutcome {
  const { refusal, at, of, hold } = order;
  if (refusal !== null) return isFinal(refusal) ? toldAgain(refusal, at) : refusal;
  if (of !== undefined) return { kind: 'returned', order, replayed: true };
  if (hold !== undefined)
    return { kind: 'held', order, state: stateOf(order, now), replayed: true };
  return { kind: 'receipt', order, replayed: true };
}

/** The lines of a refused order as they are kept: the lines, or the digest of many, so that refusals cannot fill the disk. */
export function keptLines(lines: Lines): Pick<Order, 'lines' | 'digest'> {
  if (lines.length > MAX_NAMED_LINES) return { lines: [], digest: digestOf(lines) };
  return { lines: lines.map(({ upc, qty }) => ({ upc, qty, available: null })) };
}

/** Whether `lines` are those of `order`: the same quantities of the same UPCs, in whatever order they were named. */
export function isSameOrder(order: Order, lines: Lines): boolean {
  if (order.digest !== undefined) return order.digest === digestOf(lines);
  // Each UPC stands once in both.
  if (order.lines.length !== lines.length) return false;
  const quantities = new Map(order.lines.map((line) => [line.upc, line.qty]));
  return lines.every((line) => quantities.get(line.upc) === line.qty);
}

/** SHA-256 of the lines by UPC, base64url. */
function digestOf(lines: Lines): string {
  const byUpc = [...lines].sort((one, other) => one.upc - other.upc);
  return hash('sha256', byUpc.map(({ upc, qty }) => `${upc}x${qty}`).join(), 'base64url');
}
