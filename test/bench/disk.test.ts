import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { describeDisk, JournalledDisk, measureSyncs } from './disk.ts';

test('a synced write takes some time, over old bytes and behind them', () => {
  const { overwriting, appending } = measureSyncs(tmpdir());
  expect(overwriting).toBeGreaterThan(0);
  expect(appending).toBeGreaterThan(0);
});

test.runIf(JournalledDisk.missing() === null)(
  'a journalled disk is one, and goes without a trace (needs the right to mount)',
  () => {
    const disk = JournalledDisk.make(64 * 2 ** 20);
    expect(describeDisk(disk.folder)).toBe('ext4 with a journal');
    disk[Symbol.dispose]();
    expect(existsSync(disk.folder)).toBe(false);
  },
);
