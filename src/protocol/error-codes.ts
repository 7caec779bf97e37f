/**
 * Every error code and what it means to a client: the one table that the server, the client and
 * PROTOCOL.md (a test compares them) read. An error reply is `-CODE sentence`.
 */
import { NamedError } from '../named-error.ts';

/** When the same request can succeed: the words of PROTOCOL.md for each case. */
export const RETRY_WORDS = {
  never: 'no',
  corrected: 'no: correct the request',
  underNewOrderId: 'under a new order id',
  afterLogin: 'after a login',
  later: 'yes, after a pause',
} as const;

export interface ErrorMeaning {
  readonly meaning: string;
  /** When the same request can succeed. */
  readonly retry: keyof typeof RETRY_WORDS;
  /** Whether, as the reply to a PURCHASE with an order id, it is that order's one outcome for ever. */
  readonly settlesOrder: boolean;
  /** When the server closes the connection after this reply. */
  readonly closes: 'never' | 'always' | 'malformed framing' | 'too many connections';
  /** How a command that ends with this error exits: a name in ExitCode. */
  readonly exit: 'fault' | 'refused' | 'notLoggedIn';
}

export const ERRORS = {
  ERR: {
    meaning: 'malformed request, unknown command or bad number',
    retry: 'corrected',
    settlesOrder: false,
    closes: 'malformed framing',
    exit: 'fault',
  },
  NOAUTH: {
    meaning: 'this connection is not logged in',
    retry: 'afterLogin',
    settlesOrder: false,
    closes: 'never',
    exit: 'notLoggedIn',
  },
  WRONGPASS: {
    meaning: 'unknown user or wrong password',
    retry: 'corrected',
    settlesOrder: false,
    closes: 'never',
    exit: 'notLoggedIn',
  },
  NOSESSION: {
    meaning: 'that token is not logged in',
    retry: 'afterLogin',
    settlesOrder: false,
    closes: 'never',
    exit: 'notLoggedIn',
  },
  NOITEM: {
    meaning: 'no such UPC',
    retry: 'never',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  NOSTOCK: {
    meaning: 'the order cannot be filled',
    retry: 'underNewOrderId',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  NOORDER: {
    meaning: 'this user has no order of that id',
    retry: 'never',
    settlesOrder: false,
    closes: 'never',
    exit: 'refused',
  },
  ORDERREUSED: {
    meaning: 'that order id was used for another order',
    retry: 'underNewOrderId',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  NOHOLD: {
    meaning: 'that order is not held: the sentence says what became of it',
    retry: 'underNewOrderId',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  LIMIT: {
    meaning: 'one customer may not have so many units',
    retry: 'underNewOrderId',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  NORETURN: {
    meaning: 'the shop does not take that item back',
    retry: 'never',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  NOTBOUGHT: {
    meaning: 'fewer units were bought under that order, or are left of it, than go back',
    retry: 'never',
    settlesOrder: true,
    closes: 'never',
    exit: 'refused',
  },
  EXECABORT: {
    meaning: 'a request of the transaction was refused; nothing of it was done',
    retry: 'corrected',
    settlesOrder: false,
    closes: 'never',
    exit: 'fault',
  },
  NOPROTO: {
    meaning: 'unsupported protocol version',
    retry: 'corrected',
    settlesOrder: false,
    closes: 'never',
    exit: 'fault',
  },
  TLSONLY: {
    meaning: 'this port speaks TLS and nothing else',
    retry: 'corrected',
    settlesOrder: false,
    closes: 'always',
    exit: 'fault',
  },
  TOOBIG: {
    meaning: 'the command is over a size limit',
    retry: 'corrected',
    settlesOrder: false,
    closes: 'always',
    exit: 'fault',
  },
  BUSY: {
    meaning: 'the server is at a limit',
    retry: 'later',
    settlesOrder: false,
    closes: 'too many connections',
    exit: 'fault',
  },
  UNAVAILABLE: {
    meaning: 'the store could not commit; nothing happened',
    retry: 'later',
    settlesOrder: false,
    closes: 'never',
    exit: 'fault',
  },
} as const satisfies Record<string, ErrorMeaning>;

/** A code that this version of `inv` sends. */
export type ErrorCode = keyof typeof ERRORS;

/** How a client treats a code that it does not know: as a final refusal after which nothing happened. */
const UNKNOWN_CODE: ErrorMeaning = {
  meaning: 'a refusal that a later version of the server knows',
  retry: 'never',
  settlesOrder: true,
  closes: 'never',
  exit: 'refused',
};

/** What a received code means; a code of a later server means what UNKNOWN_CODE says. */
export function meaningOf(code: string): ErrorMeaning {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : UNKNOWN_CODE;
}

/** What every code looks like, also one of a later server. */
const CODE = /^[A-Z][A-Z0-9_]*$/;

/** An error reply, as a value: refusals are results, not exceptions. */
export class ErrorReply {
  /** An ErrorCode, or what a later server says instead. */
  readonly code: string;
  readonly message: string;

  constructor(code: ErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }

  /** The error reply in a received line, without its `-`. A line that begins with no code is an ERR. */
  static received(line: string): ErrorReply {
    const space = line.indexOf(' ');
    const code = space < 0 ? line : line.slice(0, space);
    if (!CODE.test(code)) return new ErrorReply('ERR', line);
    return new ErrorReply(code as ErrorCode, space < 0 ? '' : line.slice(space + 1));
  }
}

/** Bytes that are no command. The connection that sent them cannot be understood any further, so it is closed. */
export class ProtocolError extends NamedError {
  readonly code: 'ERR' | 'TOOBIG';

  constructor(code: 'ERR' | 'TOOBIG', message: string) {
    super(message);
    this.code = code;
  }
}

/** Bytes of TLS, where no TLS is spoken. */
export class TlsRecord extends ProtocolError {
  constructor(message: string) {
    super('ERR', message);
  }
}

/** No batch was committed with the request in it. */
export const UNAVAILABLE = new ErrorReply(
  'UNAVAILABLE',
  'the store could not commit; nothing happened, try again',
);
