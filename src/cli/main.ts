import './colour.ts';
import './surroundings.ts';
import { Config, Errors, type Interfaces, run } from '@oclif/core';
import type { ExitCode } from './command-failure.ts';
import { refuseEmptyWords } from './environment.ts';
import { guardOutput } from './output-guard.ts';
import { asFailure, report, wantsJson } from './report-failure.ts';

/**
 * Runs the command line of this process. Whatever goes wrong is reported (see `report`) and decides
 * the exit code; nothing is thrown.
 */
export async function runCli(options: Interfaces.LoadOptions): Promise<void> {
  const argv = helpWordToFlag(process.argv.slice(2));
  guardOutput();
  let code: ExitCode | undefined;
  const fail = async (error: unknown): Promise<void> => {
    // What fails while a failure is reported is not reported too: that would fail again.
    if (code !== undefined) process.exit(code);
    const failure = asFailure(error);
    code = failure.exit;
    report(failure, { json: wantsJson(argv) });
    await exit(code);
  };
  process.on('uncaughtException', fail);

  try {
    refuseEmptyWords(argv);
    await run(argv, options);
  } catch (error) {
    // What `this.exit(code)` throws: a decision, not a failure.
    if (error instanceof Errors.ExitError) await exit(error.oclif.exit);
    else await fail(await helpForUnknown(error, options));
  }
}

/** Returns the failure for help with what is no command (`inv help purchse`); else the error itself. */
async function helpForUnknown(error: unknown, options: Interfaces.LoadOptions): Promise<unknown> {
  if (!(error instanceof Errors.CLIError)) return error;
  const id = /^Command (.+) not found\.$/.exec(error.message)?.[1];
  if (id === undefined) return error;
  const { unknownCommand } = await import('./unknown-command.ts');
  return unknownCommand(id, await Config.load(options));
}

/** Ends the process, whatever still holds it, once its output has left it. */
async function exit(code: number | undefined): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams
      .filter((stream) => stream.writableLength > 0)
      .map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
  );
  // A stream tells of a write that failed a little later.
  await new Promise((resolve) => setImmediate(resolve));
  process.exit(code || process.exitCode);
}

/** `inv help shop login` means `inv shop login --help`. */
function helpWordToFlag(argv: string[]): string[] {
  const [first, ...rest] = argv;
  return first === 'help' ? [...rest, '--help'] : argv;
}
