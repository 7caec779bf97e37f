/** What large data files and catalogues cost: `npm run bench -- growth`. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { measureSyncs } from './disk.ts';
import { manyHolds } from './growth/many-holds.ts';
import { manyItems } from './growth/many-items.ts';
import { manyOrders } from './growth/many-orders.ts';
import { operatorWork } from './growth/operator-work.ts';
import type { Plan, Row } from './growth/plan.ts';
import { describeMachine } from './machine.ts';
import { syncsText, table } from './report.ts';

const WHOLE: Plan = {
  orders: 10_000_000,
  holds: 1_000_000,
  items: 100_000,
  rounds: 5,
  warmUpSeconds: 1.5,
  seconds: 3,
};
const QUICK: Plan = { ...WHOLE, orders: 1_000_000, rounds: 1, warmUpSeconds: 0.7, seconds: 1.5 };

const PARTS: Readonly<Record<string, (plan: Plan) => Promise<Row[]>>> = {
  orders: manyOrders,
  holds: manyHolds,
  items: manyItems,
  operator: operatorWork,
};

/** Each is written by a run in which all its parts were measured. */
const PAGES: readonly {
  readonly file: string;
  readonly title: string;
  readonly of: readonly string[];
}[] = [
  { file: 'growth.md', title: 'Growth', of: ['orders', 'holds', 'items'] },
  { file: 'operator.md', title: 'The operator of a large shop', of: ['operator'] },
];

export const GROWTH_PARTS = Object.keys(PARTS);

/** `parts`: those of GROWTH_PARTS that are measured. */
export async function growth(
  quick: boolean,
  rounds: number,
  parts: readonly string[],
): Promise<void> {
  const plan = { ...(quick ? QUICK : WHOLE), rounds };
  const machine = describeMachine();
  const syncs = measureSyncs(tmpdir());
  for (const { file, title, of } of PAGES) {
    const measured = of.filter((part) => parts.includes(part));
    if (measured.length === 0) continue;
    const rows: Row[] = [];
    for (const part of measured) rows.push(...((await PARTS[part]?.(plan)) ?? []));
    const text = table(['what', 'measured', 'target', ''], rows, 1);
    console.log(`\n${text}`);
    if (quick || measured.length < of.length) continue;
    writeFileSync(
      new URL(file, import.meta.url),
      `# ${title}

${machine.date}: ${machine.description}; ${machine.disk}.
${syncsText([syncs])}.
${of.includes('operator') ? 'One round.' : `Medians of ${rounds} rounds.`} What is measured, and how: [README.md](README.md#growth).

${text}
`,
    );
    console.log(`\nwritten: test/bench/${file}`);
  }
}
