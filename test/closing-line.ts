import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` as the last line of a run, for continuous integration to read. */
export default class ClosingLine implements Reporter {
  private line = '';

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
    process.once('exit', () => console.log(this.line));
  }
}
