import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * The files that replace modules, or change the environment of their process: each gets a process of its own. The
 * others that come to one process share its modules: to load them anew for each file took a tenth of a run.
 */
const ALONE = globSync('test/**/*.test.ts').filter((path) =>
  /\bvi\.(mock|doMock|resetModules|stubEnv)\(|\bprocess\.env\.\w+ = /.test(
    readFileSync(path, 'utf8'),
  ),
);

export default defineConfig({
  test: {
    globalSetup: './test/support/run-folder.ts',
    // Most of a test's time is waiting for processes, disks and clocks: more files at once than processors.
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The closing line must come last, so its reporter does too.
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});
