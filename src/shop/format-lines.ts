import type { Line } from '../protocol/argument-checks.ts';

/** A UPC as the shop writes it, as far as that is known. */
export function upcText({
  upc,
  code,
}: {
  readonly upc: number;
  readonly code?: string | undefined;
}): string {
  return code ?? String(upc);
}

/** The lines of an order in one line of text: `2 × 1001, 1 × 1002`. */
export function formatLines(lines: readonly Line[]): string {
  return lines.map(({ upc, qty }) => `${qty} × ${upc}`).join(', ');
}
