/**
 * Clients of npm that e2e/redis-clients.test.ts does not have, through every step of the campaign; and what the
 * campaign says of a client that is not there, that fails, or that says what is not so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isWell, STEPS, tryClient } from './campaign.ts';
import { type Client, NPM_CLIENTS, SYSTEM_CLIENTS } from './clients.ts';
import { whatWorks } from './table.ts';
import { TOOLS } from './tools.ts';

const elsewhere = ['node-redis 6', 'ioredis 6'];
/** One RESP of each: the campaign has both. */
const clients = NPM_CLIENTS.filter(
  ({ name }, index) =>
    !elsewhere.includes(name) &&
    NPM_CLIENTS.findLastIndex((other) => other.name === name) === index,
);

describe.concurrent('clients of npm', () => {
  test.each(clients.map((client) => [client.name, client] as const))('%s', async (_, client) => {
    const report = await tryClient(client);
    expect(report.faults).toEqual([]);
    for (const step of Object.keys(STEPS)) {
      expect(report.steps, step).toHaveProperty([step, 'outcome'], 'ok');
    }
    expect(whatWorks(report)).toBe('all');
  });
});

/** A client whose program does nothing but print `lines`. */
function printing(lines: string[], code = 0): Client {
  const script = `console.log(${JSON.stringify(lines.join('\n'))}); process.exit(${code})`;
  return {
    name: 'printing',
    language: 'none',
    resp: 2,
    from: 'here',
    probes: [[process.execPath, '--version']],
    run: (node) => [node, '-e', script, '--'],
    set: '',
  };
}

const everyStep = Object.keys(STEPS).map((step) => `ok ${step} -`);

describe.concurrent('the campaign', () => {
  test('says of a client that is not there that it is missing', async () => {
    const report = await tryClient({ ...printing([]), probes: [['no-such-program-here']] });
    expect(report.isMissing).toBe(true);
    expect(isWell(report)).toBe(true);
    expect(whatWorks(report)).toBe('not installed, so not tried');
  });

  test('compares what a client says with the books of the shop', async () => {
    const report = await tryClient(printing(everyStep));
    expect(report.faults).toEqual(['0 units were sold, the client says 1005']);
    expect(isWell(report)).toBe(false);
    expect(whatWorks(report)).toBe('**failed**');
  });

  test('takes as failed: a step that failed or is not spoken of, and a program that ends with an error', async () => {
    const lines = everyStep.map((line) =>
      line.replace(/^ok (purchase|pipeline|cut) .*/, 'absent $1 no such thing'),
    );
    const without = lines.filter((line) => !/ (transaction|close) /.test(line));
    const report = await tryClient(printing([...without, 'failed transaction of its own'], 3));
    expect(report.steps.transaction).toEqual({ outcome: 'failed', remark: 'of its own' });
    expect(report.faults).toEqual(['ended with 3: ']);
    expect(isWell(report)).toBe(false);
    expect(whatWorks(report)).toBe(
      '**failed: transaction, close**; all but purchase, pipeline, cut',
    );
  });

  test('takes a program that does not build as failed', async () => {
    const build = () => ({ command: [process.execPath, '-e', 'process.exit(1)'] as const });
    const unbuilt = await tryClient({ ...printing(everyStep), build });
    expect(unbuilt.faults).toEqual([expect.stringMatching('does not build')]);
    expect(isWell(unbuilt)).toBe(false);
  });
});

test('docs/clients.md names what the campaign tries, and the versions of npm that are installed', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| .*\((npm|Debian) /.test(line));
  const cells = rows.map((row) => row.slice(2).split(' | '));
  const named = ({ name, from }: { readonly name: string; readonly from: string }) =>
    `${name} (${from})`;
  expect(cells.map(([name]) => name)).toEqual(
    [...NPM_CLIENTS, ...SYSTEM_CLIENTS, ...TOOLS].map(named),
  );
  expect(cells.slice(-TOOLS.length).map(([, , mode]) => mode)).toEqual(
    TOOLS.map(({ mode }) => mode),
  );
  for (const [index, { probes }] of NPM_CLIENTS.entries()) {
    const manifest = probes[0]?.at(-1) as string;
    expect(cells[index]?.[1]).toBe(JSON.parse(readFileSync(manifest, 'utf8')).version);
  }
});
