/** RETURN: units that were bought go back; decided in inventory/returns.ts. */
import type { Outcome } from '../inventory/model.ts';
import { badOrderId, isOrderId, type Line } from '../protocol/argument-checks.ts';
import { encode, type ProtocolVersion } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { orderOf, takeOrderId } from './named-order.ts';
import { orderLines } from './order-lines.ts';
import { parseLines } from './purchase.ts';
import { type Command, defineVerb, MANY, usageError, type Verb } from './verb.ts';

export type ReturnedOutcome = Extract<Outcome, { kind: 'returned' }>;

interface ReturnCommand extends Command {
  /** The order under which the units were bought. */
  readonly of: string;
  /** Each UPC once, in the order of its first mention. */
  readonly lines: readonly Line[];
  /** The id that the client chose for the return, or null. */
  readonly order: string | null;
}

export const RETURN: Verb = defineVerb<ReturnCommand, ReturnedOutcome>({
  name: 'RETURN',
  syntax: 'order upc qty [upc qty …] [ORDER id]',
  summary: 'give back units that were bought under an order',
  words: [3, MANY],
  access: 'user',
  parse: parseReturn,
  // Taking a line back takes about as long as telling two.
  work: ({ lines }) => 2 * lines.length,
  request: ({ of, lines, order }, caller) => ({
    kind: 'return',
    session: caller.session,
    lines,
    ...orderOf(order, caller),
    of,
  }),
  encode: (outcome, { version }) => encodeReturn(outcome, version),
});

function parseReturn(words: readonly string[]): ReturnCommand | ErrorReply {
  const taken = takeOrderId(words, 6);
  if (taken instanceof ErrorReply) return taken;
  const { end, order } = taken;
  if (end % 2 === 1) return usageError(RETURN);
  const of = words[1] as string;
  if (!isOrderId(of)) return badOrderId();
  const lines = parseLines(words, 2, end);
  return lines instanceof ErrorReply ? lines : { verb: RETURN, of, lines, order };
}

/** The bytes that tell of a return. */
export function encodeReturn(
  { order, replayed }: Pick<ReturnedOutcome, 'order' | 'replayed'>,
  version: ProtocolVersion,
): string {
  const { id, of = '', at, lines } = order;
  return encode(
    { order: id, of, at, replayed, lines: orderLines(lines), state: 'returned' },
    version,
  );
}
