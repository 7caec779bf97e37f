import './colour.ts';
import { Errors, type Interfaces, run } from '@oclif/core';
import { report, wantsJson } from './report.ts';

/**
 * Runs the command line of this process. Whatever goes wrong is reported (see `report`) and decides
 * the exit code; nothing is thrown.
 */
export async function runCli(options: Interfaces.LoadOptions): Promise<void> {
  const argv = helpWordToFlag(process.argv.slice(2));
  const fail = (error: unknown) => exit(report(error, { json: wantsJson(argv) }));
  process.on('uncaughtException', fail);
  // As oclif does for stdout: a reader that has seen enough (`inv … 2>&1 | head -1`) is no fault.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

  try {
    await run(argv, options);
  } catch (error) {
    // What `this.exit(code)` throws: a decision, not a failure.
    if (error instanceof Errors.ExitError) await exit(error.oclif.exit);
    else await fail(error);
  }
}

/** Ends the process, whatever still holds it, once its output has left it. */
async function exit(code: number | undefined): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
  );
  process.exit(code);
}

/** `inv help shop login` means `inv shop login --help`. */
function helpWordToFlag(argv: string[]): string[] {
  const [first, ...rest] = argv;
  return first === 'help' ? [...rest, '--help'] : argv;
}
