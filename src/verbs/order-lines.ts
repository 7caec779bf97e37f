/** The lines of an order as a reply tells them. */
import type { OrderLine } from '../inventory/model.ts';
import { mapHeads, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';

/** What stands before each value of a line, after the line end of the value before it. */
function lineHeads(version: ProtocolVersion) {
  const [upc, qty, available] = LINE[version];
  return { upc: `${upc}:`, qty: `\r\n${qty}:`, available: `\r\n${available}:` };
}

const LINE = mapHeads('upc', 'qty', 'available');
const LINE_HEADS = { 2: lineHeads(2), 3: lineHeads(3) };

/** `bytes`, and those of the lines of an order of which nothing was given back. Hot path, as its callers. */
export function withLines(
  bytes: string,
  lines: readonly OrderLine[],
  version: ProtocolVersion,
): string {
  const heads = LINE_HEADS[version];
  let all = bytes;
  for (const { upc, qty, available } of lines) {
    all += `${heads.upc}${upc}${heads.qty}${qty}${heads.available}${available}\r\n`;
  }
  return all;
}

/** `returned` is told where something was given back. */
export function orderLines(lines: readonly OrderLine[]): Reply {
  return lines.map(({ upc, qty, available, returned }) =>
    returned === undefined ? { upc, qty, available } : { upc, qty, available, returned },
  );
}
