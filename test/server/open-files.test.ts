import { describe, expect, test, vi } from 'vitest';
import { MAX_CONNECTIONS } from '../../src/protocol/limits.ts';
import { maxConnections, openFileLimit, RESERVED_FILES } from '../../src/server/open-files.ts';

test('connections leave a reserve of the files that may be open', () => {
  expect(maxConnections(1_024)).toBe(1_024 - RESERVED_FILES);
  expect(maxConnections(MAX_CONNECTIONS)).toBe(MAX_CONNECTIONS - RESERVED_FILES);
  expect(maxConnections(10 * MAX_CONNECTIONS)).toBe(MAX_CONNECTIONS);
  expect(maxConnections(Number.POSITIVE_INFINITY)).toBe(MAX_CONNECTIONS);
  expect(maxConnections(20)).toBe(1);
});

describe('the limit of open files', () => {
  test('is that of this process', () => {
    const limit = openFileLimit();
    expect(limit).toBeGreaterThan(RESERVED_FILES);
  });

  test('is the same where there is no /proc', async () => {
    const limit = openFileLimit();
    vi.resetModules();
    vi.doMock('node:fs', () => ({
      readFileSync: () => {
        throw new Error('ENOENT');
      },
    }));
    const elsewhere = await import('../../src/server/open-files.ts');
    vi.doUnmock('node:fs');
    expect(elsewhere.openFileLimit()).toBe(limit);
  });
});
