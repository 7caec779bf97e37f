/** Where an operator's command finds the data, and how it says no. */
import { join } from 'node:path';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { DataFault } from '../inventory/operator-data.ts';
import { StoreInUse, StoreNotEmpty, StoreRefused } from '../inventory/store.ts';
import { wrongFile, wrongPlace } from '../stores/data-place.ts';
import { usageFailure } from './words.ts';

/**
 * The data that an operator means: what `--data` says, or the server's own default, inventory.db in `userFolder`.
 * Throws a CommandFailure (usage) for what names neither a file nor a PostgreSQL database.
 */
export function dataAddress(given: string | undefined, userFolder: string): string {
  const wrong = given === undefined ? null : wrongPlace(given);
  if (wrong !== null) throw usageFailure(`--data: ${wrong}`);
  return given ?? join(userFolder, 'inventory.db');
}

/** `given`, which names a file; `what` it is for people. Throws a CommandFailure (usage) for a database. */
export function fileName(what: string, given: string): string {
  const wrong = wrongFile(given);
  if (wrong !== null) throw usageFailure(`${what}: ${wrong}`);
  return given;
}

/** What `work` returns; a refusal of the store is a CommandFailure. */
export async function orFailure<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreInUse || error instanceof StoreNotEmpty) throw refused(error.message);
    if (!(error instanceof StoreRefused || error instanceof DataFault)) throw error;
    throw new CommandFailure(error.message, 'DATA', ExitCode.fault, { cause: error });
  }
}

/** The data, or what is there already, does not allow it: nothing was done. */
export function refused(sentence: string): CommandFailure {
  return new CommandFailure(sentence, 'REFUSED', ExitCode.refused);
}
