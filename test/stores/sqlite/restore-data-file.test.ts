import { expect, onTestFinished, test, vi } from 'vitest';
import { restoreDataFile } from '../../../src/stores/sqlite/restore-data-file.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';

test('the history of a restored shop is a later one, also when the clock was set back', async () => {
  using folder = new TemporaryFolder();
  const backup = openSqliteStore(folder.file('backup.db'), ITEMS);
  const { since } = backup.identity;
  await backup.close();
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['Date'], now: since - 3_600_000 });
  const restoring = { onProgress: () => undefined, faultsIn: null };
  const restored = await restoreDataFile(folder.file('backup.db'), folder.file('a.db'), restoring);
  expect(restored.identity.since).toBe(since + 1);
  vi.setSystemTime(since + 3_600_000);
  const later = await restoreDataFile(folder.file('backup.db'), folder.file('b.db'), restoring);
  expect(later.identity.since).toBe(since + 3_600_000);
});
