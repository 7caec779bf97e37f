import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkWithLog } from '../../../src/stores/sqlite/log-check.ts';
import { TemporaryFolder } from '../../support/folder.ts';

test('a log that an operator’s command takes away in the middle of its check is no fault', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const log = `${path}-wal`;
  let checks = 0;
  const failing = () => {
    checks++;
    throw new Error('no such file');
  };
  checkWithLog(path, failing);
  expect(checks).toBe(0);
  writeFileSync(log, 'log');
  expect(() => checkWithLog(path, failing)).toThrow('no such file');
  expect(() =>
    checkWithLog(path, () => {
      rmSync(log);
      failing();
    }),
  ).not.toThrow();
  expect(checks).toBe(2);
});
