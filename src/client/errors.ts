/** The three ways in which talking to a server goes wrong, kept apart because each one means another thing for an order. */
import type { ErrorCode } from '../protocol/error-codes.ts';

/** No connection, or something else than an inventory server at the other end: nothing was sent. */
export class NoServer extends Error {}

/** The server understood and said no. */
export class Refused extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The connection is gone. `sent` tells whether the request may have reached the server. */
export class ConnectionLost extends Error {
  readonly sent: boolean;

  constructor(reason: string, sent: boolean) {
    super(reason);
    this.sent = sent;
  }
}
