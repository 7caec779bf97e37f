import type { Line } from '../protocol/argument-checks.ts';

/** The lines of an order in one line of text: `2 × 1001, 1 × 1002`. */
export function formatLines(lines: readonly Line[]): string {
  return lines.map(({ upc, qty }) => `${qty} × ${upc}`).join(', ');
}
