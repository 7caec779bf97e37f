/** What cannot be written to stdout or stderr: it changes the exit code at most, never what is done. */
import { ExitCode } from './exit-code.ts';

/** Why stdout lost something; null while it has lost nothing. */
let stdoutError: NodeJS.ErrnoException | null = null;

/**
 * Makes a write that fails (a full disk, a terminal that is gone) harmless: it is neither thrown nor
 * printed on the stream that failed. A process that would have ended with exit code 0 ends with
 * `ExitCode.notPrinted` instead; every other exit code stays, because it says what happened. A reader
 * that has seen enough (EPIPE, as in `inv … | head -1`) is no failure at all.
 *
 * A command whose output is not what it was run for sets `process.exitCode` to 0 beforehand.
 */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // oclif's listener throws what is not EPIPE; the last resort would print that, and fail again.
    stream.removeAllListeners('error');
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      if (stream === process.stdout) stdoutError ??= error;
      process.exitCode ??= ExitCode.notPrinted;
    });
  }
  process.on('exit', (code) => {
    if (stdoutError === null || code === ExitCode.done) return;
    const outcome = code === ExitCode.notPrinted ? 'done, but ' : '';
    process.stderr.write(`inv: ${outcome}the output could not be written (${stdoutError.code})\n`);
  });
}
