/** What a subscription is told: the levels of items, checked and typed. */

import { printable } from '../printable.ts';
import { fromWire } from '../protocol/encoder.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';
import { codeOf, shortened } from './replies.ts';
import { UnexpectedReply } from './reply-fields.ts';

/** The units available of one item, and what it is called where that has changed. */
export interface StockLevel {
  readonly upc: number;
  readonly available: number;
  /** Whether the item is on sale no more. */
  readonly isGone: boolean;
  /** What it is called now; undefined while that is what INVENTORY told when the first levels came. */
  readonly name?: string | undefined;
  /** With a name: its UPC as the shop writes it, where that is not what the number looks like. */
  readonly code?: string | undefined;
}

/** The levels that a push tells; null for a push of another kind. */
export function toLevels([kind, , content]: readonly ReplyValue[]): StockLevel[] | null {
  if (kind !== 'message') return null;
  const list = typeof content === 'string' ? parsed(fromWire(content)) : null;
  if (!Array.isArray(list)) throw new UnexpectedReply('a list of levels was expected');
  return list.map((level) => {
    const { upc, available, gone, name, code } = Object(level) as Record<string, unknown>;
    if (!isCount(upc) || !isCount(available)) throw new UnexpectedReply('a level without numbers');
    const told = { upc, available, isGone: gone === true };
    if (typeof name !== 'string') return told;
    return { ...told, name: shortened(printable(name)), code: codeOf(code, upc) };
  });
}

/** Null for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
