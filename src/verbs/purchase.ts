/** PURCHASE: the way of every sale, decided by `purchase` in inventory/purchase.ts. */
import type { Order, Outcome } from '../inventory/model.ts';
import {
  badNumber,
  badOrderId,
  isOrderId,
  type Line,
  positive,
} from '../protocol/argument-checks.ts';
import { encode, mapHeads, type ProtocolVersion } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { MAX_INTEGER } from '../protocol/limits.ts';
import { withLines } from './order-lines.ts';
import { type Command, defineVerb, isOption, MANY, usageError, type Verb } from './verb.ts';

export interface PurchaseCommand extends Command {
  /** Each UPC once, in the order of its first mention. */
  readonly lines: readonly Line[];
  /** The id that the client chose, or null. */
  readonly order: string | null;
}

/** Outcomes that are told as a receipt. */
export type ReceiptOutcome = Extract<Outcome, { kind: 'receipt' }>;

export const PURCHASE: Verb = defineVerb<PurchaseCommand, ReceiptOutcome>({
  name: 'PURCHASE',
  syntax: 'upc qty [upc qty …] [ORDER id]',
  summary: 'buy all lines or none',
  words: [2, MANY],
  access: 'user',
  parse: parsePurchase,
  // Buying a line takes about as long as telling two.
  work: ({ lines }) => 2 * lines.length,
  request: ({ lines, order }, { session, now, service: { orderIds } }) => {
    const named = order !== null;
    const position = named ? orderIds.positionFor(order, now) : null;
    const id = order ?? orderIds.next(now);
    return { kind: 'purchase', session, lines, order: id, named, at: now, position };
  },
  encode: ({ order, replayed }, { version }) => encodeReceipt(order, replayed, version),
});

function parsePurchase(words: readonly string[]): PurchaseCommand | ErrorReply {
  let end = words.length;
  let order: string | null = null;
  if (end >= 5 && isOption(words[end - 2] as string, 'ORDER')) {
    order = words[end - 1] as string;
    end -= 2;
    if (!isOrderId(order)) return badOrderId();
  }
  if (end % 2 === 0) return usageError(PURCHASE);
  const lines = parseLines(words, 1, end);
  return lines instanceof ErrorReply ? lines : { verb: PURCHASE, lines, order };
}

/** The lines of an order, each UPC once, in the words from `start` to `end`, of which there is an even number. */
export function parseLines(
  words: readonly string[],
  start: number,
  end: number,
): readonly Line[] | ErrorReply {
  const lines: { upc: number; qty: number }[] = [];
  for (let index = start; index < end; index += 2) {
    const upc = positive(words[index] as string);
    if (upc === null) return badNumber('UPC', words[index] as string);
    const qty = positive(words[index + 1] as string);
    if (qty === null) return badNumber('quantity', words[index + 1] as string);
    const same = lines.length === 0 ? undefined : lineOf(lines, upc);
    if (same === undefined) lines.push({ upc, qty });
    else if (same.qty + qty > MAX_INTEGER) return badNumber('quantity', `${same.qty}+${qty}`);
    else same.qty += qty;
  }
  return lines;
}

/** Looking back is quick for the few lines of most orders, and an order has at most 511. */
function lineOf<L extends Line>(lines: readonly L[], upc: number): L | undefined {
  return lines.find((line) => line.upc === upc);
}

/** What stands before each value of a receipt, after the line end of the value before it. */
function receiptHeads(version: ProtocolVersion) {
  const [beforeId, beforeAt, beforeReplayed, beforeLines] = RECEIPT[version];
  const replayed = (is: boolean) => `\r\n${beforeReplayed}${encode(is, version)}${beforeLines}*`;
  return {
    id: `${beforeId}$`,
    at: `\r\n${beforeAt}:`,
    lines: replayed(false),
    linesOfReplayed: replayed(true),
  };
}

const RECEIPT = mapHeads('order', 'at', 'replayed', 'lines');
const RECEIPT_HEADS = { 2: receiptHeads(2), 3: receiptHeads(3) };

/**
 * The bytes of a receipt. Hot path: built directly, without a Reply object and with as few
 * concatenations as possible.
 */
export function encodeReceipt(order: Order, replayed: boolean, version: ProtocolVersion): string {
  const heads = RECEIPT_HEADS[version];
  const { id, at, lines } = order;
  const beforeLines = replayed ? heads.linesOfReplayed : heads.lines;
  return withLines(
    `${heads.id}${id.length}\r\n${id}${heads.at}${at}${beforeLines}${lines.length}\r\n`,
    lines,
    version,
  );
}
