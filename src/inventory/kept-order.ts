/** What is kept of an order, and how a request is compared with it. */
import { hash } from 'node:crypto';
import type { Order, PurchaseRequest, Refusal } from './model.ts';
import { MAX_NAMED_LINES } from './refusals.ts';

type Lines = PurchaseRequest['lines'];

/** Whether a refusal is the outcome of its order for ever, and so must be kept. */
export function isFinal({ code }: Refusal): boolean {
  return code === 'NOITEM' || code === 'NOSTOCK';
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
