/** The lines of an order as a reply tells them. */
import type { OrderLine } from '../inventory/model.ts';
import type { Reply } from '../protocol/encoder.ts';

/** `returned` is told where something was given back. */
export function orderLines(lines: readonly OrderLine[]): Reply {
  return lines.map(({ upc, qty, available, returned }) =>
    returned === undefined ? { upc, qty, available } : { upc, qty, available, returned },
  );
}
