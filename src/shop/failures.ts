/** What went wrong, as users are told it and as scripts see it: a sentence, a code, an exit code. */
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { type Address, DEFAULT_HOST, DEFAULT_PORT, nameOf } from '../client/address.ts';
import {
  ConnectionLost,
  NoServer,
  NotInv,
  Refused,
  TlsFailure,
  type TlsProblem,
} from '../client/errors.ts';
import { printable } from '../printable.ts';
import { keptOrders, NOUNS } from './outbox.ts';
import {
  isBeyondMaxHold,
  isWithoutData,
  NO_DATA,
  OrderRefused,
  type RefusedRequest,
} from './refused-order.ts';
import type { Dropped } from './state/drop-order.ts';
import type { OpenOrder, OrderRequest } from './state/state.ts';

/** The failure of a request that leaves nothing open. What is no trouble with a server stays as it is. */
export function toFailure(error: unknown, server: Address): unknown {
  if (error instanceof Refused) return refused(error, server);
  if (error instanceof NotInv) {
    return noServer(`${error.message}; check --host and --port`, error);
  }
  if (error instanceof TlsFailure) {
    return noServer(`${error.message}${TLS_REMEDIES[error.problem]}`, error);
  }
  if (error instanceof NoServer) return noServer(notReached(error, server), error);
  if (error instanceof ConnectionLost) {
    return noServer(`lost the connection to ${nameOf(server)}: ${error.message}`, error);
  }
  return error;
}

/** Whether the server is away: a later try may succeed, and it must ask for an order that may have arrived. */
export function isServerAway(error: unknown): error is CommandFailure {
  if (!(error instanceof CommandFailure)) return false;
  return error.exit === ExitCode.noServer || error.exit === ExitCode.outcomeUnknown;
}

/** `user`: nobody of that name is logged in; null: nobody at all. */
export function notLoggedIn(server: Address, user: string | null): CommandFailure {
  const who = user === null ? 'not logged in' : `${printable(user)} is not logged in`;
  return new CommandFailure(
    `${who} to ${nameOf(server)}; log in with \`${loginCommand(server, user)}\``,
    'NOAUTH',
    ExitCode.notLoggedIn,
  );
}

/** Another data file or database stands at an address where `account` logged in before. */
export function otherShop(
  server: Address,
  account: string,
  openOrders: readonly OpenOrder[],
): CommandFailure {
  const kept =
    openOrders.length === 0
      ? ''
      : `. Kept and not sent there: ${keptOrders(openOrders)}; when the earlier shop is back they are ` +
        'settled, and `inv shop verify --drop ID` forgets one';
  return new CommandFailure(
    `another shop answers at ${nameOf(server)} than the one that ${account} logged in to; ` +
      `to use it, log in with \`${loginCommand(server, null)}\`${kept}`,
    'OTHERSHOP',
    ExitCode.notLoggedIn,
  );
}

/** An order that is written down, so that the next command asks for its outcome: repeating its command would order anew. */
export class OrderSaved extends CommandFailure {}

/** `isOpen`: the order is written down. */
export function outcomeUnknown(
  { kind, order }: OrderRequest,
  cause: Error,
  isOpen: boolean,
): CommandFailure {
  const again = kind === 'confirm' ? '' : ` with --order ${order}`;
  const Failure = isOpen ? OrderSaved : CommandFailure;
  return new Failure(
    `the reply to ${NOUNS[kind]} ${order} did not come (${cause.message}), so its outcome is unknown; ` +
      (isOpen
        ? 'it is saved; the next command that reaches the server finds out what happened'
        : `to ask for it, repeat this command${again}`),
    'UNKNOWN',
    ExitCode.outcomeUnknown,
    { cause, details: { order } },
  );
}

/** A request that was sent, and may be sent again without harm. */
export function answerLost({ kind, order }: RefusedRequest, cause: Error): CommandFailure {
  return new CommandFailure(
    `the reply did not come (${cause.message}), so it is not known whether the server could ${kind} ` +
      `hold ${order}; repeat this command`,
    'UNKNOWN',
    ExitCode.outcomeUnknown,
    { cause, details: { order } },
  );
}

/** A login, or the end of one, that was sent and may be sent again without harm. `what`: `alice is logged in`. */
export function loginUnknown(what: string, cause: Error): CommandFailure {
  return new CommandFailure(
    `the reply did not come (${cause.message}), so it is not known whether ${what}; repeat this command`,
    'UNKNOWN',
    ExitCode.outcomeUnknown,
    { cause },
  );
}

/** The server did it, and this machine could not write that down. */
export function notRecorded({ kind, order }: RefusedRequest, cause: Error): CommandFailure {
  const [done, remedy = 'the next command makes up for it'] = NOT_RECORDED[kind];
  return new CommandFailure(
    `${NOUNS[kind]} ${order} ${done}: ${cause.message}; ${remedy}`,
    'LOCALFILE',
    ExitCode.fault,
    { cause, details: { order } },
  );
}

/** What is added to a refusal when this machine could not note that its order is open no more. */
export function notClosed({ kind, order }: RefusedRequest, cause: Error): string {
  return `${NOUNS[kind]} ${order} still stands as unconfirmed on this computer: ${cause.message}; the next command makes up for it`;
}

/** The server did nothing now, and this machine could not forget the order: the next command sends it. */
export function notAbandoned(
  { kind, order }: OrderRequest,
  error: Error,
  cause: Error,
): CommandFailure {
  const why = error instanceof OrderRefused ? error.sentence : error.message;
  return new OrderSaved(
    `${why}; ${NOUNS[kind]} ${order} is saved all the same, because it could not be taken out of the file: ` +
      `${cause.message}; the next command that reaches the server sends it again`,
    'UNKNOWN',
    ExitCode.outcomeUnknown,
    { cause: error, details: { order } },
  );
}

const BOUGHT = ['was bought, but is not among your purchases on this computer yet'] as const;
const HOLDS = 'once the file can be written, `inv shop holds` makes up for it';
/** What was done and is not written down, and what makes up for it. */
const NOT_RECORDED: Readonly<Record<RefusedRequest['kind'], readonly [string, string?]>> = {
  purchase: BOUGHT,
  confirm: BOUGHT,
  hold: ['keeps the units for you, but is not noted on this computer yet'],
  return: ['gave the units back, but they are not out of your purchases on this computer yet'],
  release: ['was released, but still stands among what you hold on this computer', HOLDS],
  extend: ['is kept for longer, but that is not noted on this computer', HOLDS],
};

/** The server has ended the logins of an account, and this machine could not forget them. */
export function notForgotten(account: string, cause: Error): CommandFailure {
  return new CommandFailure(
    `${account} was logged out on the server, but the login still stands on this computer: ${cause.message}; ` +
      'once the file can be written, `inv shop logout` forgets the login',
    'LOCALFILE',
    ExitCode.fault,
    { cause },
  );
}

/** An order that is to be forgotten is open, but for another account than the one that is acted for. */
export function othersOrder(order: string, { acting, others }: Dropped): CommandFailure {
  const whose = others.map(({ account }) => account).join(' and ');
  const flags = [...new Set(others.map(({ user }) => `--user ${user}`))].join(' or ');
  const not = acting === null ? '' : `not for ${acting} but `;
  return usage(`order ${order} is open ${not}for ${whose}; to forget it, give ${flags}`);
}

export function usage(message: string): CommandFailure {
  return new CommandFailure(message, 'USAGE', ExitCode.usage);
}

function refused(error: Refused, server: Address): CommandFailure {
  const { code, message, meaning } = error;
  const exit = ExitCode[meaning.exit];
  if (meaning.retry === 'afterLogin') {
    const sentence = `the login at ${nameOf(server)} has ended; log in again with \`${loginCommand(server, null)}\``;
    return new CommandFailure(sentence, code, exit, { cause: error });
  }
  if (code === 'ERR' && /^unknown command\b/.test(message)) {
    const sentence = `the server at ${nameOf(server)} is of an older version of inv, which cannot do this`;
    return new CommandFailure(sentence, code, exit, { cause: error });
  }
  if (error instanceof OrderRefused) {
    const exitCode = isBeyondMaxHold(error) ? ExitCode.refused : exit;
    const { details } = error;
    return new CommandFailure(error.sentence, code, exitCode, { cause: error, details });
  }
  if (isWithoutData(error)) {
    return new CommandFailure(`${NO_DATA}; try again`, code, exit, { cause: error });
  }
  return new CommandFailure(message, code, exit, { cause: error });
}

function noServer(message: string, cause: Error): CommandFailure {
  return new CommandFailure(message, 'NOSERVER', ExitCode.noServer, { cause });
}

/** What to do about it. */
const TLS_REMEDIES: Readonly<Record<TlsProblem, string>> = {
  wrongName: '; give a name that it is for with --host',
  expired: '; its operator must renew it',
  notYetValid: '; check the clock of this machine',
  selfSigned: "; if it is your server's, name a copy of it with --tls-ca FILE",
  unknownAuthority:
    "; if it is your server's, name the certificate of its authority with --tls-ca FILE",
  tlsOnly: '; use --tls',
  noTls: '; leave --tls out',
  other: '',
};

/** Why no server was reached, and what to do now. */
function notReached({ message, cause }: NoServer, server: Address): string {
  const { code, address = '' } = (cause ?? {}) as { code?: string; address?: string };
  switch (code) {
    case 'ECONNREFUSED':
      return isThisMachine(address)
        ? `no server at ${nameOf(server)}; start one with \`${serveCommand(server)}\``
        : `no server at ${nameOf(server)}; check --host and --port, and whether it runs there`;
    case 'ENOTFOUND':
      return `no such host: '${server.host}'; check --host`;
    default:
      return message;
  }
}

function isThisMachine(address: string): boolean {
  return address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

/** The command that starts a server which is found at this address of this machine. */
function serveCommand({ host, port, tls }: Address): string {
  // Without --host it listens on 127.0.0.1, and a client of localhost tries that too.
  const place = host === DEFAULT_HOST || host === '127.0.0.1' ? '' : ` --host ${host}`;
  const files = tls === undefined ? '' : ' --tls-cert FILE --tls-key FILE';
  return `inv serve${place} --port ${port}${files}`;
}

/** The command that logs in to this server, ready to be copied. */
function loginCommand({ host, port, tls }: Address, user: string | null): string {
  const place =
    (host === DEFAULT_HOST ? '' : ` --host ${host}`) +
    (port === DEFAULT_PORT ? '' : ` --port ${port}`) +
    (tls === undefined ? '' : ' --tls') +
    (tls?.caFile === undefined ? '' : ` --tls-ca ${shellWord(tls.caFile)}`);
  // A name that a shell would take apart is left for the user to write.
  const who = user !== null && /^[\w.-]+$/.test(user) ? ` --user ${user}` : '';
  return `inv shop login${who}${place}`;
}

/** A word that a shell takes as it is. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", "'\\''")}'`;
}
