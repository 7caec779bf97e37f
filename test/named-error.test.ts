import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { CommandFailure, ExitCode } from '../src/cli/command-failure.ts';
import { StoreUnavailable } from '../src/inventory/store.ts';

test('an error is called what its class is called', () => {
  expect(String(new StoreUnavailable('the disk is full'))).toBe(
    'StoreUnavailable: the disk is full',
  );
  const failure = new CommandFailure('only 1 left', 'NOSTOCK', ExitCode.refused);
  expect(failure.name).toBe('CommandFailure');
  expect(inspect(failure)).toMatch(/^CommandFailure: only 1 left\n/);
});
