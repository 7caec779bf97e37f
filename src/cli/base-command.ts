import { Command, type Interfaces } from '@oclif/core';
import { printableLines } from '../printable.ts';
import { CommandFailure, ExitCode } from './command-failure.ts';
import {
  checkVariables,
  ignoreOthersVariables,
  namingVariable,
  variablesOf,
} from './environment.ts';

type Options = Interfaces.OutputFlags<Interfaces.FlagInput>;
type Arguments = Interfaces.OutputArgs<Interfaces.ArgInput>;

/**
 * The base of all commands. A command parses its options, calls what does the work, prints what
 * people read with `this.log` (plain sentences; silent under --json), and returns the object that --json prints.
 * To fail it throws a CommandFailure; any other exception counts as a fault of ours.
 *
 * --json exists where a command says `static enableJsonFlag = true`; such a command must return an
 * object.
 */
export abstract class BaseCommand extends Command {
  /** Whatever names and texts stand in a sentence, it does nothing to a terminal. */
  override log(sentence: string): void {
    super.log(printableLines(sentence));
  }

  /** One plain document on stdout, for programs: no colour, even on a terminal. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }

  protected override async init(): Promise<void> {
    checkWorkingFolder();
    await super.init();
  }

  /** As oclif does, with options that the environment may give: see environment.ts. */
  protected override async parse<F extends Options, B extends Options, A extends Arguments>(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const variables = variablesOf(
      { ...this.ctor.baseFlags, ...this.ctor.flags },
      argv ?? this.argv,
    );
    ignoreOthersVariables(variables);
    // A word that is missing is not read from stdin, as oclif does: a password may stand there.
    for (const arg of Object.values(options?.args ?? {})) Object.assign(arg, { ignoreStdin: true });
    checkVariables(variables);
    try {
      return await super.parse<F, B, A>(options, argv);
    } catch (error) {
      throw namingVariable(error, variables);
    }
  }

  /**
   * Prints what was done, with `print`. What goes wrong in it is a failure to print (exit code 7), not
   * a failure to do: use it where something was changed.
   */
  protected async printDone(print: () => void | Promise<void>): Promise<void> {
    try {
      await print();
    } catch (cause) {
      throw new CommandFailure(
        `done, but it could not be printed: ${(cause as Error).message}`,
        'NOTPRINTED',
        ExitCode.notPrinted,
        { cause },
      );
    }
  }

  /** Failures are reported in one place, `runCli`, whether a command or oclif itself throws them. */
  protected override async catch(error: unknown): Promise<void> {
    throw error;
  }
}

/** A thread cannot be started without one, nor a file be found by a relative path. */
function checkWorkingFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    const sentence = 'the folder in which this was started is gone; go to one that is there (cd)';
    throw new CommandFailure(sentence, 'USAGE', ExitCode.usage, { cause });
  }
}
