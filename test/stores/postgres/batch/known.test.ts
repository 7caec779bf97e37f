import { expect, onTestFinished, test, vi } from 'vitest';
import { Known } from '../../../../src/stores/postgres/batch/known.ts';

test('a count of live holds is good for a second, also when the clock is set back', () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { holds } = new Known(() => undefined);
  vi.advanceTimersByTime(5_000);
  expect(holds.liveHoldsOf('alice')).toBeUndefined();
  holds.count('alice', 3);
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(999);
  expect(holds.liveHoldsOf('alice')).toBe(3);
  vi.advanceTimersByTime(2);
  expect(holds.liveHoldsOf('alice')).toBeUndefined();
});
