import { expect, test } from 'vitest';
import { MAX_WORK_IN_TURN_MS, Turns } from '../../src/server/turns.ts';

function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('pieces are done in their order, and what they add comes behind the others', async () => {
  const turns = new Turns();
  const done: string[] = [];
  turns.add(() => {
    done.push('a');
    turns.add(() => done.push('a again'));
  });
  turns.add(() => done.push('b'));
  expect(done).toEqual([]);
  await expect.poll(() => done).toEqual(['a', 'b', 'a again']);
});

test('a turn of the event loop does some milliseconds of work, whoever adds it', async () => {
  const turns = new Turns();
  let done = 0;
  const count = 40;
  for (let index = 0; index < count; index++) {
    turns.add(() => {
      busyFor(MAX_WORK_IN_TURN_MS / 4);
      done++;
    });
  }
  let before = 0;
  let most = 0;
  while (done < count) {
    await turn();
    most = Math.max(most, done - before);
    before = done;
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(4);
});

test('a single piece that takes longer is alone in its turn, and those behind it come next', async () => {
  const turns = new Turns();
  const done: string[] = [];
  turns.add(() => {
    busyFor(2 * MAX_WORK_IN_TURN_MS);
    done.push('long');
    turns.add(() => done.push('its next'));
  });
  turns.add(() => done.push('short'));
  await turn();
  expect(done).toEqual(['long']);
  await expect.poll(() => done).toEqual(['long', 'short', 'its next']);
});

test('what a piece returns or throws is told, and the others are done', async () => {
  const turns = new Turns();
  const fault = new Error('of the piece');
  const all = [
    turns.do(() => 'done'),
    turns.do(() => {
      throw fault;
    }),
    turns.do(() => 'done too'),
  ];
  expect(await Promise.allSettled(all)).toEqual([
    { status: 'fulfilled', value: 'done' },
    { status: 'rejected', reason: fault },
    { status: 'fulfilled', value: 'done too' },
  ]);
});
