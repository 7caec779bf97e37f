/** The campaign in short. With this seed the first restock brings units, so a day of one restock is enough. */
import { expect, test } from 'vitest';
import { playDays } from './day.ts';

test.each([
  ['a data file', false],
  ['PostgreSQL', true],
])(
  'verify and the independent count agree in the evening, over %s',
  async (_, overPostgres) => {
    const report = await playDays({ days: 1, dayMs: 3_000, seed: 18, overPostgres });
    expect(report.violations).toEqual([]);
    expect(report.bought).toBeGreaterThan(20);
    const { kills, restocks, usersRemoved, backups, drills, evenings, holds, returns } =
      report.counts;
    const { confirmed, gone } = report;
    for (const times of [kills, restocks, usersRemoved, holds, returns, confirmed, gone])
      expect(times).toBeGreaterThan(0);
    expect([backups >= 2, drills, evenings]).toEqual([true, 2, 1]);
  },
  120_000,
);
