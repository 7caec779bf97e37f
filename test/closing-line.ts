import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` as the last line of a run, for continuous integration to read, and before
 * it how long the run took: the bar is five minutes on two cores.
 */
export default class ClosingLine implements Reporter {
  private line = '';
  private readonly start = performance.now();

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    // An error outside every test, such as a rejection that nobody handled, fails the run too.
    let failed = unhandled.length;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        if (state === 'failed') failed++;
      }
      // A file or a group that could not be loaded has an error and no failing test.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
    }
    this.line = `${passed} passed, ${failed} failed`;
    const seconds = ((performance.now() - this.start) / 1_000).toFixed(0);
    process.once('exit', () => console.log(`took ${seconds} s\n${this.line}`));
  }
}
