/** Signals that end the server: the first one stops it in good order, a second one at once. */
import type { Log } from './log.ts';
import type { InventoryServer } from './server.ts';

/** Ctrl-C under `npm start` comes twice, from the terminal and from npm: within this time it is one. */
const SAME_SIGNAL_MS = 500;

export interface StopOptions {
  readonly log: Log;
  /** Called when the stop begins. */
  readonly onStop: () => void;
  /** See InventoryServer.stop. */
  readonly stopOthers: () => Promise<void>;
  /** Ends the process at once. */
  readonly onSecond: () => void;
}

/** Resolves when a signal has stopped the server. */
export function stopOnSignals(
  server: InventoryServer,
  { log, onStop, stopOthers, onSecond }: StopOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let stoppingSince: number | null = null;
    const stop = (signal: NodeJS.Signals) => {
      if (stoppingSince !== null) {
        if (performance.now() - stoppingSince >= SAME_SIGNAL_MS) onSecond();
        return;
      }
      stoppingSince = performance.now();
      log('stopping', { signal });
      onStop();
      server.stop(stopOthers).then(() => {
        log('stopped');
        resolve();
      }, reject);
    };
    // SIGQUIT too: its own way would write the memory, with all logins in it, to a core file.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, stop);
  });
}
