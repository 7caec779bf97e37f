/** INVENTORY: the units available. */
import type { ItemList, Outcome, Stock } from '../inventory/model.ts';
import { badNumber, positive } from '../protocol/argument-checks.ts';
import { encode, mapHeads, type ProtocolVersion, toWire } from '../protocol/encoder.ts';
import type { ErrorReply } from '../protocol/error-codes.ts';
import { type Command, defineVerb, MANY, notInTransaction, type Verb } from './verb.ts';

interface Inventory extends Command {
  /** Each once, rising; none: the whole inventory. */
  readonly upcs: readonly number[];
}

export const INVENTORY: Verb = defineVerb<Inventory, Extract<Outcome, { kind: 'inventory' }>>({
  name: 'INVENTORY',
  syntax: '[upc …]',
  summary: 'the units available, of all items or of some',
  words: [0, MANY],
  access: 'user',
  parse: parseInventory,
  // A reply in parts cannot have another one behind it.
  exclusive: ({ upcs }) => upcs.length === 0 || upcs.length > ITEMS_IN_A_PART,
  // The whole is read after the commit: it would show what came after it.
  inTransaction: ({ upcs }) =>
    upcs.length === 0 ? notInTransaction('INVENTORY without UPCs') : 'queued',
  work: ({ upcs }) => upcs.length || ITEMS_IN_A_PART,
  request: ({ upcs }, { session }) => ({ kind: 'inventory', session, upcs }),
  encode: ({ items }, { version }) =>
    items.length > ITEMS_IN_A_PART
      ? inventoryParts(items, version)
      : `*${items.length}\r\n${encodeItems(items.slice(), version)}`,
});

function parseInventory(words: readonly string[]): Inventory | ErrorReply {
  const upcs = new Set<number>();
  for (let index = 1; index < words.length; index++) {
    const word = words[index] as string;
    const upc = positive(word);
    if (upc === null) return badNumber('UPC', word);
    upcs.add(upc);
  }
  return { verb: INVENTORY, upcs: [...upcs].sort((a, b) => a - b) };
}

/** Items of a long inventory that are encoded in one go: about a millisecond of work. */
export const ITEMS_IN_A_PART = 1_000;

function* inventoryParts(items: ItemList, version: ProtocolVersion): Generator<string> {
  yield `*${items.length}\r\n`;
  for (let from = 0; from < items.length; from += ITEMS_IN_A_PART) {
    yield encodeItems(items.slice(from, from + ITEMS_IN_A_PART), version);
  }
}

/** What an item has only where the catalogue says so, in this order. */
const MAY_HAVE = ['code', 'limit', 'returns'];

/** By how many of these an item has: what stands before each value. */
const ITEM = [0, 1, 2, 3].map((more) =>
  mapHeads('upc', 'name', 'available', ...MAY_HAVE.slice(0, more)),
);
const [, , , BEFORE_CODE, BEFORE_LIMIT, BEFORE_RETURNS] = mapHeads(
  ...['upc', 'name', 'available'],
  ...MAY_HAVE,
)[3];

function encodeItems(items: readonly Stock[], version: ProtocolVersion): string {
  const yes = encode(true, version);
  let bytes = '';
  for (const { upc, name, code, available, limit, returns } of items) {
    const more =
      Number(code !== undefined) + Number(limit !== undefined) + Number(returns === true);
    const [beforeUpc, beforeName, beforeAvailable] = (ITEM[more] as Heads)[version];
    const wire = toWire(name);
    bytes += `${beforeUpc}:${upc}\r\n${beforeName}$${wire.length}\r\n${wire}\r\n`;
    bytes += `${beforeAvailable}:${available}\r\n`;
    if (code !== undefined) bytes += `${BEFORE_CODE}$${code.length}\r\n${code}\r\n`;
    if (limit !== undefined) bytes += `${BEFORE_LIMIT}:${limit}\r\n`;
    if (returns === true) bytes += `${BEFORE_RETURNS}${yes}`;
  }
  return bytes;
}

type Heads = ReturnType<typeof mapHeads>;
