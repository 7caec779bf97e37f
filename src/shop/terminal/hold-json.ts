import type { Hold, ReceiptLine } from '../../client/order-replies.ts';

/** What --json prints of a hold. */
export interface HoldJson {
  order: string;
  /** ISO 8601, as `until`. */
  at: string;
  until: string;
  replayed: boolean;
  state: string;
  lines: readonly ReceiptLine[];
}

export function toHoldJson({ order, at, until, replayed, state, lines }: Hold): HoldJson {
  return {
    order,
    at: new Date(at).toISOString(),
    until: new Date(until).toISOString(),
    replayed,
    state,
    lines,
  };
}
