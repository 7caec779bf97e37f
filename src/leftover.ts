/** What a process that was killed left behind stands where the next one writes its draft. */
import { rmSync } from 'node:fs';
import { whyUnwritten } from './file-reasons.ts';
import { NamedError } from './named-error.ts';

/** Something at a draft's path cannot be removed. The message names it, because it is not the file that people know, and says what to do. */
export class InTheWay extends NamedError {}

/** Removes the file at `path`, if there is one. Throws InTheWay. */
export function removeLeftover(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (cause) {
    throw new InTheWay(`${path} is in the way: ${whyUnwritten(cause)}; move it away`, { cause });
  }
}
