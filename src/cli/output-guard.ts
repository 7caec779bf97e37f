/** What cannot be written to stdout or stderr: it changes the exit code at most, never what is done. */
import { ExitCode } from './exit-code.ts';

/**
 * Makes a write that fails (a full disk, a terminal that is gone) harmless: it is neither thrown nor
 * printed on the stream that failed, see `outputLost`.
 */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // oclif's listener throws what is not EPIPE; the last resort would print that, and fail again.
    stream.removeAllListeners('error');
    stream.on('error', (error) => outputLost(stream, error));
  }
}

let isStdoutLost = false;

/**
 * Notes that something could not be written. A process that would have ended with exit code 0 ends with
 * `ExitCode.notPrinted`; every other exit code stays, because it says what happened. A reader that has
 * seen enough (EPIPE, as in `inv … | head -1`) is no failure at all. Where stdout failed, stderr says so
 * at the end.
 */
export function outputLost(stream: NodeJS.WriteStream, { code }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') return;
  process.exitCode ??= ExitCode.notPrinted;
  if (stream !== process.stdout || isStdoutLost) return;
  isStdoutLost = true;
  process.on('exit', (exit) => {
    const outcome = exit === ExitCode.notPrinted ? 'done, but ' : '';
    process.stderr.write(`inv: ${outcome}the output could not be written (${code})\n`);
  });
}
