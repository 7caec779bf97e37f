/** The three ways in which talking to a server goes wrong, kept apart because each one means another thing for an order. */
import { NamedError } from '../named-error.ts';
import { type ErrorMeaning, meaningOf } from '../protocol/error-codes.ts';

/** No connection, or none that an inventory server answers: nothing that matters was sent. */
export class NoServer extends NamedError {}

/** Something else than an inventory server answers there. It was sent HELLO and nothing else. */
export class NotInv extends NoServer {}

/**
 * An inventory server answers, but not the shop that was expected: another data file or database
 * stands at the same address. It was sent HELLO and nothing else, no token among it.
 */
export class OtherShop extends NoServer {}

/** What is wrong with TLS: `tlsOnly` and `noTls` when one of the two speaks it and the other does not. */
export type TlsProblem =
  | 'wrongName'
  | 'expired'
  | 'notYetValid'
  | 'selfSigned'
  | 'unknownAuthority'
  | 'tlsOnly'
  | 'noTls'
  | 'other';

/** Something answers, but not with TLS that can be trusted. It was sent nothing, or HELLO in the clear. */
export class TlsFailure extends NoServer {
  readonly problem: TlsProblem;

  constructor(problem: TlsProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

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

  constructor(reason: string, sent: boolean, options?: ErrorOptions) {
    super(reason, options);
    this.sent = sent;
  }
}
