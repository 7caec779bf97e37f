import { expect, test } from 'vitest';
import { BACK } from '../../../src/cli/terminal/prompts.ts';
import type { Held } from '../../../src/shop/ordering.ts';
import type { Dialog } from '../../../src/shop/terminal/dialog.ts';
import { chooseHold, decide } from '../../../src/shop/terminal/hold-dialog.ts';
import { answering } from '../support/answering.ts';

function held(order: string): Held {
  const until = Date.now() + 300_900;
  const lines = [{ upc: 1001, qty: 2, available: 48 }];
  const receipt = { order, at: 0, until, replayed: false, state: 'held' as const, lines };
  return { account: 'alice@localhost:5050', receipt, items: [], ends: until };
}

/** Decides about a hold with these answers; tells what was done. */
const decided = (...answers: unknown[]) => decidedWhere(true, ...answers);

/** Where it does not work, what is asked of the server fails. */
async function decidedWhere(works: boolean, ...answers: unknown[]) {
  const done: string[] = [];
  const { dialog, asked } = answering(answers);
  const later = Date.now() + 600_900;
  await decide(
    held('h'),
    dialog,
    {
      confirm: async (order) => void done.push(`confirm ${order}`),
      release: async (order) => {
        done.push(`release ${order}`);
        return works ? 'a' : null;
      },
      extend: async (order, seconds) => {
        done.push(`extend ${order} ${seconds}`);
        return works ? { account: 'a', order, until: later, ends: later } : null;
      },
    },
    (text) => done.push(text),
  );
  return { done, asked };
}

test.each<[unknown, string[]]>([
  ['Yes, buy', ['confirm h']],
  ['Let go', ['release h', 'Released hold h: its units are available again.']],
  ['Decide later', []],
  [BACK, []],
])('%s', async (answer, done) => {
  expect((await decided(answer)).done).toEqual(done);
});

test('who needs more time is asked again, with the time that is left then', async () => {
  const { done, asked } = await decided('Hold for 10 minutes from now', 'Yes, buy');
  expect(done).toEqual([
    'extend h 600',
    expect.stringMatching(/^Hold h is kept until .*Z, 10 min left\.$/),
    'confirm h',
  ]);
  expect(asked).toEqual(['2 × 1001 held, 5 min left. Buy?', '2 × 1001 held, 10 min left. Buy?']);
});

test.each<[string, string]>([
  ['Let go', 'release h'],
  ['Hold for 10 minutes from now', 'extend h 600'],
])('%s, which fails, is not told as done, and nothing more is asked', async (answer, done) => {
  expect(await decidedWhere(false, answer)).toMatchObject({ done: [done] });
});

test('items are named as the shop writes them', async () => {
  const items = [{ upc: 1001, code: '0001001', name: 'Pin', units: 2 }];
  const { dialog, asked } = answering(['Decide later', '2 × 0001001, 5 min left (i)']);
  const actions = {} as Parameters<typeof decide>[2];
  await decide({ ...held('h'), items }, dialog, actions, () => undefined);
  expect(asked).toEqual(['2 × 0001001 held, 5 min left. Buy?']);
  const several = [held('h'), { ...held('i'), items }];
  expect((await chooseHold(several, dialog))?.receipt.order).toBe('i');
});

test('the only hold needs no question, and of several one is chosen', async () => {
  const nobody: Dialog = answering([]).dialog;
  expect((await chooseHold([held('h')], nobody))?.receipt.order).toBe('h');
  expect(await chooseHold([], answering([BACK]).dialog)).toBeNull();
  const several = [held('h'), held('i')];
  const answers = ['2 × 1001, 5 min left (i)'];
  expect((await chooseHold(several, answering(answers).dialog))?.receipt.order).toBe('i');
  expect(await chooseHold(several, answering([BACK]).dialog)).toBeNull();
});
