/** What the rules say when they say no. */
import { Refusal } from './model.ts';

export const NOT_LOGGED_IN = new Refusal('NOAUTH', 'log in first');
export const LOGGED_OUT = new Refusal('NOAUTH', 'this login was ended by a logout; log in again');
export const NO_SESSION = new Refusal('NOSESSION', 'that token is not logged in; log in again');
export const NO_ORDER = new Refusal('NOORDER', 'you have no order of that id');
export const REUSED = new Refusal('ORDERREUSED', 'that order id was used for another order');
