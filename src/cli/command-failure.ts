import { NamedError } from '../named-error.ts';
import { ExitCode } from './exit-code.ts';

export { ExitCode };

/**
 * A failure that the user is told about in one sentence, and a script by its code and exit code.
 * Commands throw it; `runCli` prints it.
 */
export class CommandFailure extends NamedError {
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

/** Ctrl-C, or SIGINT. */
export function interrupted(options: ErrorOptions = {}): CommandFailure {
  return new CommandFailure('interrupted', 'INTERRUPTED', ExitCode.interrupted, options);
}
