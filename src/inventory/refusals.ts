/**
 * What the rules say when they say no. A refusal names the first lines at fault and counts the others:
 * what is kept of a refused order is small, and the reply that repeats it says the same, and when it was.
 */
import { stateSince } from './hold-state.ts';
import { type Order, type OrderFate, Refusal, type Shortage, type Stock } from './model.ts';
import { MAX_TRANSACTION_LINES } from './order-work.ts';

/** Lines that a refusal names. */
export const MAX_NAMED_LINES = 10;

export const NOT_LOGGED_IN = new Refusal('NOAUTH', 'log in first');
export const LOGGED_OUT = new Refusal('NOAUTH', 'this login has ended; log in again');
export const USER_CHANGED = new Refusal(
  'NOAUTH',
  'this login has ended: its user was removed or has another password; log in again',
);
export const NO_SESSION = new Refusal('NOSESSION', 'that token is not logged in; log in again');
export const NO_ORDER = new Refusal('NOORDER', 'you have no order of that id');
/** An order that would be refused, and whose refusal cannot be kept, is not decided: it could have two outcomes. */
export const NO_ROOM_FOR_REFUSAL = new Refusal(
  'BUSY',
  'no room to keep another refused order now; this one was not decided, try again later',
);

/** It cannot be divided, and everybody would wait for it. */
export const LONG_TRANSACTION = new Refusal(
  'EXECABORT',
  `Transaction discarded because the orders that it names have more than ${MAX_TRANSACTION_LINES} lines; nothing was done`,
);

export function noItem(upcs: readonly number[]): Refusal {
  return new Refusal('NOITEM', `no such UPC: ${listed(upcs.map(String), ', ')}`);
}

export function noStock(shortages: readonly Shortage[]): Refusal {
  const lines = shortages.map(
    ({ upc, asked, available }) => `${upc} asked ${asked} available ${available}`,
  );
  return new Refusal(
    'NOSTOCK',
    `too little stock: ${listed(lines, '; ')}`,
    shortages.slice(0, MAX_NAMED_LINES),
  );
}

/** A line that would give a customer more than the limit of its item. */
interface OverLimit {
  readonly upc: number;
  readonly limit: number;
  readonly had: number;
  readonly asked: number;
}

export function limitCrossed(over: readonly OverLimit[]): Refusal {
  const lines = over.map(
    ({ upc, limit, had, asked }) => `${upc} limit ${limit} had ${had} asked ${asked}`,
  );
  return new Refusal('LIMIT', `more than one customer may have: ${listed(lines, '; ')}`);
}

/** Settles nothing: the same request succeeds when a hold of the user has ended. */
export function tooManyHolds(maxHolds: number): Refusal {
  return new Refusal(
    'BUSY',
    `you have ${maxHolds} live holds, the most that a user may have; nothing was held: ` +
      'confirm or release one of them, or try again when one has ended',
  );
}

/** What a hold that has ended is answered; `state` is what became of the order. */
export function notHeld(order: Order, state: OrderFate): Refusal {
  const { id, refusal } = order;
  const when = new Date(stateSince(order, state)).toISOString();
  const what =
    state === 'returned'
      ? `is a return of ${when}`
      : state === 'expired'
        ? `has expired at ${when}`
        : state === 'refused'
          ? `was refused at ${when} (${refusal?.code})`
          : `was ${state} at ${when}`;
  return new Refusal('NOHOLD', `order ${id} is not held: it ${what}`);
}

export function noReturn(upcs: readonly number[]): Refusal {
  return new Refusal('NORETURN', `not taken back: ${listed(upcs.map(String), ', ')}`);
}

/** A line of a return that asks more than can go back. */
interface NotBought {
  readonly upc: number;
  readonly bought: number;
  readonly returned: number;
  readonly asked: number;
}

export function notBought(short: readonly NotBought[]): Refusal {
  const lines = short.map(
    ({ upc, bought, returned, asked }) =>
      `${upc} bought ${bought} returned ${returned} asked ${asked}`,
  );
  return new Refusal('NOTBOUGHT', `more than was bought under that order: ${listed(lines, '; ')}`);
}

/** `item` has a fault. */
export function faultyItem({ upc, fault }: Stock): Refusal {
  return new Refusal(
    'UNAVAILABLE',
    `UPC ${upc} cannot be sold: ${fault}; the operator must correct it`,
  );
}

/** An order that is there and cannot be read. */
export function faultyOrder(id: string, fault: string): Refusal {
  return new Refusal(
    'UNAVAILABLE',
    `order ${id} cannot be read: ${fault}; the operator must correct its row in the table "orders"`,
  );
}

function listed(texts: readonly string[], separator: string): string {
  const more = texts.length - MAX_NAMED_LINES;
  const named = texts.slice(0, MAX_NAMED_LINES).join(separator);
  return more > 0 ? `${named}${separator}and ${more} more` : named;
}

/** The refusal of an order whose id has the order `first` already: it names what that one asked. */
export function reused({ lines, hold, of }: Order): Refusal {
  const asked = lines.map(({ upc, qty }) => `${upc} asked ${qty}`);
  // Of a long order that was refused only a digest is kept.
  const what = asked.length === 0 ? '' : `: ${listed(asked, '; ')}`;
  const kind =
    hold !== undefined
      ? `, a hold for ${hold.seconds} seconds`
      : of !== undefined
        ? `, a return of ${of}`
        : '';
  return new Refusal('ORDERREUSED', `that order id was used for another order${kind}${what}`);
}

/**
 * The refusal of an order that is told again: with the time of then, milliseconds since 1970 UTC,
 * because what it says of the stock was so then and may not be so now.
 */
export function toldAgain({ code, message, shortages }: Refusal, at: number): Refusal {
  return new Refusal(code, `${message} (refused at ${new Date(at).toISOString()})`, shortages);
}
