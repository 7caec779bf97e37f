/** What a process of ours exits with. Scripts branch on these: they never change. */
export const ExitCode = {
  done: 0,
  /** A fault of ours. */
  fault: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** The server understood and said no: stock, item, reused order id. */
  refused: 3,
  /** Not logged in, or a wrong password. */
  notLoggedIn: 4,
  /** No server there; nothing was sent. */
  noServer: 5,
  /** Sent, and the outcome is unknown. */
  outcomeUnknown: 6,
  /** Done, but it could not be printed: stdout or stderr could not be written. */
  notPrinted: 7,
  /** Ctrl-C, as shells report it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * A failure that the user is told about in one sentence, and a script by its code and exit code.
 * Commands throw it; `runCli` prints it.
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** One word in capitals, such as NOSTOCK. */
  readonly code: string;
  readonly exit: ExitCode;
  /** What --json prints beside code and message. */
  readonly details: object;

  constructor(
    message: string,
    code: string,
    exit: ExitCode,
    { details = {}, ...options }: ErrorOptions & { readonly details?: object } = {},
  ) {
    super(message, options);
    this.code = code;
    this.exit = exit;
    this.details = details;
  }
}
