import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The closing line must come last, so its reporter does too.
    reporters: ['default', './test/closing-line.ts'],
  },
});
