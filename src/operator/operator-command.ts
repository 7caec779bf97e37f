/** What the operator's commands have in common: which data, and how lists are printed. */
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import type { Lay } from '../cli/terminal/listing.ts';
import { DataFault, type OperatorData } from '../inventory/operator-data.ts';
import { OutcomeUnknown, StoreRefused } from '../inventory/store.ts';
import { dataAddress } from './data-address.ts';
import { openOperatorData } from './open-data.ts';

/** The flags that every operator's command has, after `parse`. */
export interface DataFlags {
  readonly data?: string | undefined;
}

export abstract class OperatorCommand extends BaseCommand {
  static override enableJsonFlag = true;

  static override baseFlags = {
    data: Flags.string({
      summary:
        "the shop's data, as inv serve has it: a file (default: inventory.db in the user's data folder), or a PostgreSQL database, postgres://user@host/database",
      helpValue: 'FILE|URL',
      env: 'INV_DATA',
    }),
  };

  /** Calls `use` with the data, which must be there, and closes it in any case. */
  protected async withData<Result>(
    { data }: DataFlags,
    use: (data: OperatorData) => Promise<Result>,
  ): Promise<Result> {
    const address = dataAddress(data, this.config.dataDir);
    try {
      const opened = await openOperatorData(address);
      try {
        return await use(opened);
      } finally {
        await opened.close();
      }
    } catch (error) {
      throw commandFailureOf(error);
    }
  }

  /** A list that was streamed as JSON is no object to print. */
  override logJson(json: unknown): void {
    if (json !== undefined) super.logJson(json);
  }

  /** Prints a listing for people. What lays lists out is loaded only now: --json and --csv need none of it. */
  protected async show(lay: Lay): Promise<void> {
    const { show } = await import('../cli/terminal/show.ts');
    await show(lay);
  }
}

/** What a command fails with when the data could not be used; other errors are faults of the program. */
export function commandFailureOf(cause: unknown): unknown {
  if (cause instanceof StoreRefused || cause instanceof DataFault) {
    return new CommandFailure(cause.message, 'DATA', ExitCode.fault, { cause });
  }
  if (cause instanceof OutcomeUnknown) {
    return new CommandFailure(cause.message, 'UNKNOWN', ExitCode.outcomeUnknown, { cause });
  }
  return cause;
}

/** Throws what it is given, and behind an OutcomeUnknown what may have happened, and how to find out. */
export function sayingSo(what: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof OutcomeUnknown)) throw error;
    throw new OutcomeUnknown(`${error.message}: ${what}`, { cause: error });
  };
}
