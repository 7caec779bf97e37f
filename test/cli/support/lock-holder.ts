import { withLock } from '../../../src/cli/file-lock.ts';

// Holds the lock of the file in argv until it is killed.
withLock(process.argv[2] as string, () => {
  process.send?.('locked');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
