/** Outcomes of the rules, as replies of the wire: the fields that PROTOCOL.md names, in their order. */
import { type Order, type Outcome, Refusal, type Session, type Stock } from '../inventory/model.ts';
import { StoreUnavailable } from '../inventory/store.ts';
import {
  encode,
  mapHeads,
  OK,
  type ProtocolVersion,
  type Reply,
  toWire,
} from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';

const UNAVAILABLE = new ErrorReply(
  'UNAVAILABLE',
  'the store could not commit; nothing happened, try again',
);

/** The bytes of the reply that tells `outcome`. */
export function encodeOutcome(
  outcome: Outcome | StoreUnavailable,
  version: ProtocolVersion,
): string {
  if (outcome instanceof Refusal) {
    return encode(new ErrorReply(outcome.code, outcome.message), version);
  }
  if (outcome instanceof StoreUnavailable) return encode(UNAVAILABLE, version);
  switch (outcome.kind) {
    case 'receipt':
      return encodeReceipt(outcome.order, outcome.replayed, version);
    case 'inventory':
      return `*${outcome.items.length}\r\n${encodeItems(outcome.items, version)}`;
    case 'orders':
      return encode(outcome.orders.map(orderReply), version);
    case 'session':
      return encode(sessionReply(outcome.session), version);
    case 'loggedOut':
      return encode(OK, version);
  }
}

const RECEIPT = mapHeads('order', 'at', 'replayed', 'lines');
const LINE = mapHeads('upc', 'qty', 'available');
const ITEM = mapHeads('upc', 'name', 'available');

/** What stands before each value of a receipt, after the line end of the value before it. */
function receiptHeads(version: ProtocolVersion) {
  const [beforeId, beforeAt, beforeReplayed, beforeLines] = RECEIPT[version];
  const [beforeUpc, beforeQty, beforeAvailable] = LINE[version];
  const replayed = (is: boolean) => `\r\n${beforeReplayed}${encode(is, version)}${beforeLines}*`;
  return {
    id: `${beforeId}$`,
    at: `\r\n${beforeAt}:`,
    lines: replayed(false),
    linesOfReplayed: replayed(true),
    upc: `${beforeUpc}:`,
    qty: `\r\n${beforeQty}:`,
    available: `\r\n${beforeAvailable}:`,
  };
}

const RECEIPT_HEADS = { 2: receiptHeads(2), 3: receiptHeads(3) };

/** The way of every purchase, so without the detour over a Reply, and of as few pieces as possible. */
function encodeReceipt(order: Order, replayed: boolean, version: ProtocolVersion): string {
  const heads = RECEIPT_HEADS[version];
  const { id, at, lines } = order;
  const beforeLines = replayed ? heads.linesOfReplayed : heads.lines;
  let bytes = `${heads.id}${id.length}\r\n${id}${heads.at}${at}${beforeLines}${lines.length}\r\n`;
  for (const { upc, qty, available } of lines) {
    bytes += `${heads.upc}${upc}${heads.qty}${qty}${heads.available}${available}\r\n`;
  }
  return bytes;
}

function encodeItems(items: readonly Stock[], version: ProtocolVersion): string {
  const [beforeUpc, beforeName, beforeAvailable] = ITEM[version];
  let bytes = '';
  for (const { upc, name, available } of items) {
    const wire = toWire(name);
    bytes += `${beforeUpc}:${upc}\r\n${beforeName}$${wire.length}\r\n${wire}\r\n`;
    bytes += `${beforeAvailable}:${available}\r\n`;
  }
  return bytes;
}

/** Items of a long inventory that are encoded in one go: about a millisecond of work. */
export const ITEMS_IN_A_PART = 1_000;

/** The parts of a reply that is too long to be encoded in one go, or null when it is not. */
export function encodeLongOutcome(
  outcome: Outcome | StoreUnavailable,
  version: ProtocolVersion,
): Iterator<string> | null {
  if (!('kind' in outcome) || outcome.kind !== 'inventory') return null;
  return outcome.items.length > ITEMS_IN_A_PART ? inventoryParts(outcome.items, version) : null;
}

function* inventoryParts(items: readonly Stock[], version: ProtocolVersion): Generator<string> {
  yield `*${items.length}\r\n`;
  for (let from = 0; from < items.length; from += ITEMS_IN_A_PART) {
    yield encodeItems(items.slice(from, from + ITEMS_IN_A_PART), version);
  }
}

export function sessionReply({ user, since }: Session | { user: string; since: number }): {
  user: string;
  since: number;
} {
  return { user: toWire(user), since };
}

/** A refused order has no lines: nothing was bought. */
function orderReply(order: Order): Reply {
  const { id, at, lines, refusal } = order;
  return {
    order: id,
    at,
    lines:
      refusal === null ? lines.map(({ upc, qty, available }) => ({ upc, qty, available })) : [],
    refusal: refusal === null ? null : `${refusal.code} ${refusal.message}`,
  };
}
