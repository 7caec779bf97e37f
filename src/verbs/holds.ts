/** HOLD, CONFIRM, RELEASE, EXTEND and HOLDS: units that are kept for a user for a time; decided in inventory/holds.ts. */
import { stateOf } from '../inventory/hold-state.ts';
import {
  type HoldRequest,
  type HoldTerms,
  type Order,
  type Outcome,
  Refusal,
} from '../inventory/model.ts';
import { GREATEST_MAX_HOLD } from '../inventory/user-limits.ts';
import {
  badOrderId,
  isOrderId,
  type Line,
  positive,
  quotable,
} from '../protocol/argument-checks.ts';
import { encode, mapHeads, OK, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { orderOf, takeOrderId } from './named-order.ts';
import { orderLines, withLines } from './order-lines.ts';
import { encodeReceipt, parseLines, type ReceiptOutcome } from './purchase.ts';
import {
  always,
  BrokenReply,
  type Command,
  defineVerb,
  isOption,
  MANY,
  notInTransaction,
  type Service,
  usageError,
  type Verb,
} from './verb.ts';

export type HeldOutcome = Extract<Outcome, { kind: 'held' }>;

interface HoldCommand extends Command {
  /** Each UPC once, in the order of its first mention. */
  readonly lines: readonly Line[];
  readonly seconds: number;
  /** The id that the client chose, or null. */
  readonly order: string | null;
}

export const HOLD: Verb = defineVerb<HoldCommand, HeldOutcome>({
  name: 'HOLD',
  syntax: 'upc qty [upc qty …] FOR seconds [ORDER id]',
  summary: 'keep all lines for a time, or none',
  words: [4, MANY],
  access: 'user',
  parse: parseHold,
  // Under an id that the client chose it may have an outcome already, from when the bounds were others.
  bounds: ({ seconds, order }, service) => (order === null ? tooLong(seconds, service) : null),
  // Holding a line takes about as long as telling two.
  work: ({ lines }) => 2 * lines.length,
  request: ({ lines, seconds, order: own }, caller) => {
    const { session, service } = caller;
    const { order, named, at, position } = orderOf(own, caller);
    const { maxHolds } = service.holdBounds;
    const request: HoldRequest = {
      kind: 'hold',
      session,
      lines,
      order,
      named,
      at,
      position,
      seconds,
      maxHolds,
    };
    const error = tooLong(seconds, service);
    return error === null ? request : { ...request, tooLong: new Refusal('ERR', error.message) };
  },
  encode: (outcome, { version }) =>
    outcome.replayed ? encodeHold(outcome, version) : encodeNewHold(outcome.order, version),
});

function parseHold(words: readonly string[]): HoldCommand | ErrorReply {
  const taken = takeOrderId(words, 7);
  if (taken instanceof ErrorReply) return taken;
  const { end, order } = taken;
  if (end % 2 === 0 || end < 5 || !isOption(words[end - 2] as string, 'FOR')) {
    return usageError(HOLD);
  }
  const seconds = positive(words[end - 1] as string);
  if (seconds === null) return badSeconds(words[end - 1] as string);
  const lines = parseLines(words, 1, end - 2);
  return lines instanceof ErrorReply ? lines : { verb: HOLD, lines, seconds, order };
}

function badSeconds(word: string): ErrorReply {
  return new ErrorReply(
    'ERR',
    `FOR is a whole number of seconds from 1 to ${GREATEST_MAX_HOLD}, got '${quotable(word)}'`,
  );
}

/** Why this server does not hold units for so long. */
function tooLong(seconds: number, service: Service): ErrorReply | null {
  const { maxSeconds } = service.holdBounds;
  if (seconds <= maxSeconds) return null;
  return new ErrorReply(
    'ERR',
    maxSeconds === 0
      ? 'this server holds nothing: its operator has turned holds off'
      : `this server holds units for at most ${maxSeconds} seconds, got ${seconds}`,
  );
}

/** What stands before each value of a new hold, after the line end of the value before it. */
function newHoldHeads(version: ProtocolVersion) {
  const [id, at, until, replayed, state, lines] = NEW_HOLD[version];
  const same = `${replayed}${encode(false, version)}${state}${encode('held', version)}`;
  return {
    id: `${id}$`,
    at: `\r\n${at}:`,
    until: `\r\n${until}:`,
    lines: `\r\n${same}${lines}*`,
  };
}

const NEW_HOLD = mapHeads('order', 'at', 'until', 'replayed', 'state', 'lines');
const NEW_HOLD_HEADS = { 2: newHoldHeads(2), 3: newHoldHeads(3) };

/** The bytes of encodeHold for a hold that was just made. Hot path: built as those of a receipt. */
function encodeNewHold({ id, at, lines, hold }: Order, version: ProtocolVersion): string {
  const heads = NEW_HOLD_HEADS[version];
  const until = (hold as HoldTerms).until;
  return withLines(
    `${heads.id}${id.length}\r\n${id}${heads.at}${at}${heads.until}${until}${heads.lines}${lines.length}\r\n`,
    lines,
    version,
  );
}

/** The bytes that tell of a hold, or what has become of it. */
export function encodeHold(
  { order, state, replayed }: Pick<HeldOutcome, 'order' | 'state' | 'replayed'>,
  version: ProtocolVersion,
): string {
  const { id, at, lines, hold } = order;
  const reply: { [name: string]: Reply } = {
    order: id,
    at,
    until: hold?.until ?? 0,
    replayed,
    state,
  };
  if (hold !== undefined && hold.ended !== null) reply.ended = hold.ended;
  reply.lines = orderLines(lines);
  return encode(reply, version);
}

interface OfOrder extends Command {
  readonly order: string;
}

/** Reads the one word of a verb that names an order. */
function ofOrder(verb: () => Verb): (words: readonly string[]) => OfOrder | ErrorReply {
  return ([, id]) => {
    const order = id as string;
    return isOrderId(order) ? { verb: verb(), order } : badOrderId();
  };
}

export const CONFIRM: Verb = defineVerb<OfOrder, ReceiptOutcome>({
  name: 'CONFIRM',
  syntax: 'id',
  summary: 'buy what is held',
  words: [1, 1],
  access: 'user',
  parse: ofOrder(() => CONFIRM),
  request: ({ order }, { session }) => ({ kind: 'confirm', session, order }),
  encode: ({ order, replayed }, { version }) => encodeReceipt(order, replayed, version),
});

export const RELEASE: Verb = defineVerb<OfOrder, Extract<Outcome, { kind: 'released' }>>({
  name: 'RELEASE',
  syntax: 'id',
  summary: 'give back what is held',
  words: [1, 1],
  access: 'user',
  parse: ofOrder(() => RELEASE),
  request: ({ order }, { session }) => ({ kind: 'release', session, order }),
  encode: (_, { version }) => encode(OK, version),
});

interface Extend extends OfOrder {
  readonly seconds: number;
}

export const EXTEND: Verb = defineVerb<Extend, Extract<Outcome, { kind: 'extended' }>>({
  name: 'EXTEND',
  syntax: 'id FOR seconds',
  summary: 'keep what is held until a later time',
  words: [3, 3],
  access: 'user',
  parse: ([, id, option, word]) => {
    const order = id as string;
    if (!isOption(option as string, 'FOR')) return usageError(EXTEND);
    if (!isOrderId(order)) return badOrderId();
    const seconds = positive(word as string);
    return seconds === null ? badSeconds(word as string) : { verb: EXTEND, order, seconds };
  },
  bounds: ({ seconds }, service) => tooLong(seconds, service),
  request: ({ order, seconds }, { session }) => ({ kind: 'extend', session, order, seconds }),
  encode: ({ order: { id, hold } }, { version }) =>
    encode({ order: id, until: hold?.until ?? 0 }, version),
});

/** Lines of a hold before it is read. */
const LINES_OF_A_HOLD = 100;

/** Holds that are read, encoded and written in one go. */
const HOLDS_IN_A_PART = 20;

interface Holds extends Command {
  /** What is left of a reply that has begun; null at its beginning. */
  readonly ids: readonly string[] | null;
}

export const HOLDS: Verb = defineVerb<Holds, Extract<Outcome, { kind: 'holds' }>>({
  name: 'HOLDS',
  syntax: '',
  summary: "this user's live holds, those that end first first",
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: HOLDS, ids: null }),
  exclusive: always,
  // They are read after the commit, and as the client reads them.
  inTransaction: () => notInTransaction('HOLDS'),
  work: () => HOLDS_IN_A_PART * LINES_OF_A_HOLD,
  request: ({ ids }, { session }) => ({ kind: 'holds', session, ids, count: HOLDS_IN_A_PART }),
  encode: ({ orders, rest, now }, { version }, { ids }) => {
    const bytes = orders.map((order) => encodeHold(asTold(order, now), version)).join('');
    return ids === null ? `*${orders.length + rest.length}\r\n${bytes}` : bytes;
  },
  rest: ({ orders, rest }, { ids }) => {
    // Orders that were counted are not there: somebody has deleted them in the database.
    if (ids !== null && orders.length + rest.length < ids.length) throw new BrokenReply();
    return rest.length === 0 ? null : { verb: HOLDS, ids: rest };
  },
});

function asTold(order: Order, now: number): Pick<HeldOutcome, 'order' | 'state' | 'replayed'> {
  return { order, state: stateOf(order, now), replayed: true };
}
