import { constants, openSync } from 'node:fs';

/** Reading must not change the time of the last access, which would have to be written as well. */
const READ = constants.O_RDONLY | (constants.O_NOATIME ?? 0);

/** Opens a file to be read again and again, beside SQLite. Throws the error of the system. */
export function openForReading(path: string): number {
  try {
    return openSync(path, READ);
  } catch {
    // Of a file of somebody else's, Linux always notes the access.
    return openSync(path, 'r');
  }
}
