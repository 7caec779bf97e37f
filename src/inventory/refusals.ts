/**
 * What the rules say when they say no. A refusal names the first lines at fault and counts the others:
 * what is kept of a refused order is small, and the reply that repeats it says the same, and when it was.
 */
import { type Order, Refusal, type Shortage, type Stock } from './model.ts';

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
export function reused({ lines }: Order): Refusal {
  const asked = lines.map(({ upc, qty }) => `${upc} asked ${qty}`);
  // Of a long order that was refused only a digest is kept.
  const what = asked.length === 0 ? '' : `: ${listed(asked, '; ')}`;
  return new Refusal('ORDERREUSED', `that order id was used for another order${what}`);
}

/**
 * The refusal of an order that is told again: with the time of then, milliseconds since 1970 UTC,
 * because what it says of the stock was so then and may not be so now.
 */
export function toldAgain({ code, message, shortages }: Refusal, at: number): Refusal {
  return new Refusal(code, `${message} (refused at ${new Date(at).toISOString()})`, shortages);
}
