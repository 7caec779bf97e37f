/** Failures of a connection beside which earlier orders stay open: the user is told of them. */
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import type { Address } from '../client/address.ts';
import { isServerAway, outcomeUnknown, toFailure } from './failures.ts';
import { NOUNS, SettlingLost } from './outbox.ts';
import type { SavedLogin } from './state/accounts.ts';
import type { LocalInventory } from './state/local-inventory.ts';
import type { OpenOrder } from './state/state.ts';

/** Open orders that a sentence names. */
const MAX_NAMED = 3;

/** Whose orders may be open, and where. */
interface Place {
  readonly server: Address;
  readonly local: LocalInventory;
  /** The account's; null when none is known. */
  readonly key: string | null;
}

/**
 * The failure of a command that asked about `order`, or about none. Where that order was open, and was sent again with
 * its reply lost, the outcome is unknown. Where no server is there, what is open is named: that nothing was sent is so of
 * this command only.
 */
export async function besideOpen(
  error: unknown,
  order: string | null,
  { server, local, key }: Place,
): Promise<unknown> {
  if (error instanceof SettlingLost && error.request.order === order) {
    return outcomeUnknown(error.request, error, true);
  }
  const failure = toFailure(error, server);
  if (!isServerAway(failure) || failure.exit !== ExitCode.noServer) return failure;
  const open = await openOrders(local, key);
  if (open.length === 0) return failure;
  const { message, code, exit, cause, details } = failure;
  const named = open.slice(0, MAX_NAMED).map(({ kind, order }) => `${NOUNS[kind]} ${order}`);
  const more = open.length > MAX_NAMED ? ` and ${open.length - MAX_NAMED} more` : '';
  const sentence = `${message}; still unconfirmed from before: ${named.join(', ')}${more}`;
  return new CommandFailure(sentence, code, exit, { cause, details });
}

/**
 * What to make of a failure behind a login that was made. Throws the failure, which says that the login was made when it is the
 * connection's; returns the login when nothing else was to be done.
 */
export async function behindLogin(
  failure: unknown,
  login: SavedLogin | null,
  local: LocalInventory,
): Promise<SavedLogin> {
  if (!isServerAway(failure) || login === null) throw failure;
  const { cause, message } = failure;
  const [first] = await openOrders(local, login.key);
  if (first === undefined) return login;
  const { kind, order } = cause instanceof SettlingLost ? cause.request : first;
  const why = cause instanceof Error ? cause.message : message;
  throw new CommandFailure(
    `${login.account} is logged in, but ${NOUNS[kind]} ${order} is still unconfirmed (${why}); it is saved; the ` +
      'next command that reaches the server finds out what happened',
    'UNKNOWN',
    ExitCode.outcomeUnknown,
    { details: { order } },
  );
}

async function openOrders(
  local: LocalInventory,
  key: string | null,
): Promise<readonly OpenOrder[]> {
  return (key === null ? null : await local.holdings(key))?.openOrders ?? [];
}
