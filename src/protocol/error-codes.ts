/**
 * The closed list of errors: every error reply is `-CODE sentence`, with one of these codes.
 * PROTOCOL.md documents the same list (a test compares them).
 */

export interface ErrorMeaning {
  readonly meaning: string;
  /** Whether the same request can succeed when it is sent again, and when. */
  readonly retry: string;
  /** Whether the server closes the connection after this reply. */
  readonly closes: 'never' | 'always' | 'malformed framing' | 'too many connections';
}

export const ERRORS = {
  ERR: {
    meaning: 'malformed request, unknown verb or bad number',
    retry: 'no: correct the request',
    closes: 'malformed framing',
  },
  NOAUTH: {
    meaning: 'this connection is not logged in',
    retry: 'after LOGIN, RESUME or AUTH',
    closes: 'never',
  },
  WRONGPASS: {
    meaning: 'unknown user or wrong password',
    retry: 'with the right password',
    closes: 'never',
  },
  NOSESSION: {
    meaning: 'that token is not logged in',
    retry: 'no: LOGIN for a new token',
    closes: 'never',
  },
  NOITEM: { meaning: 'no such UPC', retry: 'no', closes: 'never' },
  NOSTOCK: {
    meaning: 'the order cannot be filled',
    retry: 'under a new order id',
    closes: 'never',
  },
  NOORDER: { meaning: 'this user has no order of that id', retry: 'no', closes: 'never' },
  ORDERREUSED: {
    meaning: 'that order id was used for another order',
    retry: 'under a new order id',
    closes: 'never',
  },
  NOPROTO: { meaning: 'unsupported protocol version', retry: 'with 2 or 3', closes: 'never' },
  TOOBIG: { meaning: 'the command is over a size limit', retry: 'no: send less', closes: 'always' },
  BUSY: {
    meaning: 'the server is at a limit',
    retry: 'yes, after a pause',
    closes: 'too many connections',
  },
  UNAVAILABLE: {
    meaning: 'the store could not commit; nothing happened',
    retry: 'yes, after a pause',
    closes: 'never',
  },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof ERRORS;

/** An error reply, as a value: refusals are results, not exceptions. */
export class ErrorReply {
  readonly code: ErrorCode;
  readonly message: string;

  constructor(code: ErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** Bytes that are no command. The connection that sent them cannot be understood any further, so it is closed. */
export class ProtocolError extends Error {
  readonly code: 'ERR' | 'TOOBIG';

  constructor(code: 'ERR' | 'TOOBIG', message: string) {
    super(message);
    this.code = code;
  }
}
