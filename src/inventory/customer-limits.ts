/** The limit per customer: how many units of an item one user may have, held ones counted, returned ones not. */
import type { Batch } from './batch.ts';
import type { PurchaseRequest, Refusal } from './model.ts';
import { limitCrossed } from './refusals.ts';

type Lines = PurchaseRequest['lines'];

/** Why `user` may not have the lines, or null. */
export function overLimit(lines: Lines, user: string, batch: Batch): Refusal | null {
  const over = lines.flatMap(({ upc, qty }) => {
    const limit = batch.item(upc)?.limit;
    if (limit === undefined) return [];
    const had = batch.unitsOf(user, upc);
    return had + qty > limit ? [{ upc, limit, had, asked: qty }] : [];
  });
  return over.length === 0 ? null : limitCrossed(over);
}

/** Counts the units of the lines for `user`: held until then, or bought (0). */
export function countLines(lines: Lines, user: string, until: number, batch: Batch): void {
  for (const { upc, qty } of lines) batch.count(user, upc, until, qty);
}

/** Counts the units of the lines for `user` no more: those that were held until then, or bought (0). */
export function uncountLines(lines: Lines, user: string, until: number, batch: Batch): void {
  for (const { upc, qty } of lines) batch.count(user, upc, until, -qty);
}
