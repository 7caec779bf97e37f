import { Command } from '@oclif/core';

/**
 * The base of all commands. A command parses its options, calls what does the work, prints what
 * people read with `this.log` (silent under --json), and returns the object that --json prints.
 * To fail it throws a CommandFailure; any other exception counts as a fault of ours.
 *
 * --json exists where a command says `static enableJsonFlag = true`; such a command must return an
 * object.
 */
export abstract class BaseCommand extends Command {
  /** One plain document on stdout, for programs: no colour, even on a terminal. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }

  /** Failures are reported in one place, `runCli`, whether a command or oclif itself throws them. */
  protected override async catch(error: unknown): Promise<void> {
    throw error;
  }
}
