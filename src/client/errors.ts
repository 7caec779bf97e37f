/** The three ways in which talking to a server goes wrong, kept apart because each one means another thing for an order. */
import { NamedError } from '../named-error.ts';
import { type ErrorMeaning, meaningOf } from '../protocol/error-codes.ts';

/** No connection, or something else than an inventory server at the other end: nothing was sent. */
export class NoServer extends NamedError {}

/** The server understood and said no. */
export class Refused extends NamedError {
  /** One of the codes of PROTOCOL.md, or one that a later server has. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** What the code means: whether a retry can help, whether it settles an order. */
  get meaning(): ErrorMeaning {
    return meaningOf(this.code);
  }
}

/** The connection is gone. `sent` tells whether the request may have reached the server. */
export class ConnectionLost extends NamedError {
  readonly sent: boolean;

  constructor(reason: string, sent: boolean) {
    super(reason);
    this.sent = sent;
  }
}
