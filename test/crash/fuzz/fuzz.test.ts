import { expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { runFuzz } from './fuzz.ts';
import { malformedBytes, malformedOrder, mutatedBytes, mutatedWords } from './inputs.ts';

test('20,000 mutated inputs: no crash, no leak, no effect, and others are served', async () => {
  const report = await runFuzz(20_000, 1);
  expect(report.violations).toEqual([]);
  expect(report.inputs).toBeGreaterThanOrEqual(20_000);
  expect(report.errors).toBeGreaterThan(8_000);
  expect(report.done).toBeGreaterThan(40);
  expect(report.honestRequests).toBeGreaterThan(100);
}, 180_000);

test('a seed repeats the inputs', () => {
  for (const make of [mutatedWords, mutatedBytes, malformedOrder, malformedBytes]) {
    const inputs = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 50 }, () => make(random));
    };
    expect(inputs(5)).toEqual(inputs(5));
    expect(inputs(5)).not.toEqual(inputs(6));
  }
});
