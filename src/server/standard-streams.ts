/**
 * The server's standard streams. Output that cannot be written (a full disk, a closed pipe, a reader
 * that has stopped) never changes what the server does: it goes on selling, and stops when told.
 */
import type { Writable } from 'node:stream';

/** A stream of the process that may be a terminal. */
interface StandardStream extends Writable {
  readonly isTTY?: boolean;
  /** libuv's handle, which Node does not document. */
  readonly _handle?: { setBlocking?(blocking: boolean): number } | null;
}

/**
 * Makes faults of these streams harmless, whoever listened for them before: a listener that throws, or
 * that writes to the stream that failed, would begin again with each of its own messages.
 */
export function ignoreFaults(...streams: StandardStream[]): void {
  for (const stream of streams) {
    stream.removeAllListeners('error');
    stream.on('error', () => undefined);
    // Node lets a terminal that was stopped (Ctrl-S) block the whole process until it goes on.
    if (stream.isTTY === true) stream._handle?.setBlocking?.(false);
  }
}

/**
 * Waits until everything that was written has left the process or has failed, but `patienceMs` at
 * most. Returns whether nothing is left.
 */
export async function outputLeft(patienceMs: number, ...streams: Writable[]): Promise<boolean> {
  const left = Promise.all(
    streams.map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
  ).then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const result = await Promise.race([left, late]);
  clearTimeout(timer);
  return result;
}
