import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/support/run-folder.ts',
    // Most of a test's time is waiting for processes, disks and clocks: more files at once than processors.
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The closing line must come last, so its reporter does too.
    reporters: ['default', './test/closing-line.ts'],
  },
});
