import type { Receipt, ReceiptLine } from '../../client/order-replies.ts';

/** What --json prints of a purchase, a confirmed hold and a return. */
export interface ReceiptJson {
  account: string;
  order: string;
  /** ISO 8601 */
  at: string;
  replayed: boolean;
  lines: readonly ReceiptLine[];
}

export function toReceiptJson({
  account,
  receipt: { order, at, replayed, lines },
}: {
  readonly account: string;
  readonly receipt: Receipt;
}): ReceiptJson {
  return { account, order, at: new Date(at).toISOString(), replayed, lines };
}
