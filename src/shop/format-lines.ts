import type { Line } from '../protocol/argument-checks.ts';

/** An item, as far as its UPC goes: `code` is how the shop writes it, with leading zeros. */
export interface Coded {
  readonly upc: number;
  readonly code?: string | undefined;
}

/** A UPC as the shop writes it, as far as that is known. */
export function upcText({ upc, code }: Coded): string {
  return code ?? String(upc);
}

/** The lines of an order in one line of text: `2 × 1001, 1 × 1002`. `items`: those of the lines that are known. */
export function formatLines(lines: readonly Line[], items: readonly Coded[] = []): string {
  const known = new Map(items.map((item) => [item.upc, item]));
  return lines.map(({ upc, qty }) => `${qty} × ${upcText(known.get(upc) ?? { upc })}`).join(', ');
}
