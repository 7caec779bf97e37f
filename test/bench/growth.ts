/** What large data files and catalogues cost: `npm run bench -- growth`. */
import { writeFileSync } from 'node:fs';
import { manyItems } from './growth/many-items.ts';
import { manyOrders } from './growth/many-orders.ts';
import type { Plan } from './growth/plan.ts';
import { describeMachine, syncsPerSecond } from './machine.ts';
import { table, thousands } from './report.ts';

const WHOLE: Plan = {
  orders: 10_000_000,
  items: 100_000,
  rounds: 5,
  warmUpSeconds: 1.5,
  seconds: 3,
};
const QUICK: Plan = { ...WHOLE, orders: 1_000_000, rounds: 1, warmUpSeconds: 0.7, seconds: 1.5 };

export async function growth(quick: boolean, rounds: number): Promise<void> {
  const plan = { ...(quick ? QUICK : WHOLE), rounds };
  const machine = describeMachine();
  const syncs = syncsPerSecond();
  const rows = [...(await manyOrders(plan)), ...(await manyItems(plan))];
  const text = table(['what', 'measured', 'target', ''], rows, 1);
  console.log(`\n${text}`);
  if (quick) return;
  writeFileSync(
    new URL('growth.md', import.meta.url),
    `# Growth

${machine.date}: ${machine.description}; a synced write of 4 KB: ${thousands(syncs)}/s.
Medians of ${rounds} rounds. What is measured, and how: [README.md](README.md).

${text}
`,
  );
  console.log('\nwritten: test/bench/growth.md');
}
