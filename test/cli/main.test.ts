import { describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { FIXTURE, type Finished, finished, fixture } from './fixture.ts';

const node = process.execPath;

test('a reader that has seen enough is no fault', async () => {
  const script = `"$0" "$@" | head -1; echo "\${PIPESTATUS[0]}"`;
  const command = [node, FIXTURE, 'shop', 'purchase', '--qty', '1', '--end', 'long'];
  expect(await finished('bash', ['-c', script, ...command])).toEqual({
    code: 0,
    stdout: 'line 0\n0\n',
    stderr: '',
  });
});

test('an error goes nowhere quietly when nobody reads stderr', async () => {
  // The reader is gone before there is anything to read.
  const script = `exec 3> >(true); wait $!; "$0" "$@" 2>&3`;
  const ended = await finished('bash', ['-c', script, node, FIXTURE, 'nothing']);
  expect(ended).toEqual({ code: 2, stdout: '', stderr: '' });
});

describe('output that cannot be written', () => {
  /** Runs the fixture with its streams sent elsewhere by bash. */
  const redirected = (where: string, args: string[]): Promise<Finished> =>
    finished('bash', ['-c', `exec "$0" "$@" ${where}`, node, FIXTURE, ...args]);
  const purchase = (end: string): string[] => ['shop', 'purchase', '--qty', '1', '--end', end];

  test.for([
    ['well', 7],
    ['long', 7],
    ['unprintable', 7],
    ['refused', 3],
    ['rejection', 1],
    ['exception', 1],
    ['fault', 1],
    ['interrupted', 130],
    ['exit', 4],
  ] as const)('%s: exit code %d, with --json too, whichever stream fails', async ([end, code]) => {
    for (const [where, json] of [
      ['>/dev/full 2>&1', []],
      ['>/dev/full 2>&1 <&-', ['--json']],
      ['2>/dev/full >&2', []],
    ] as const) {
      const ended = await redirected(where, [...purchase(end), ...json]);
      expect(ended, `${where} ${json}`).toEqual({ code, stdout: '', stderr: '' });
    }
  });

  test('stderr says so when only stdout fails, and says nothing when nothing was lost', async () => {
    expect(await redirected('>/dev/full', purchase('well'))).toEqual({
      code: 7,
      stdout: '',
      stderr: 'inv: done, but the output could not be written (ENOSPC)\n',
    });
    expect(await redirected('>/dev/full', [...purchase('refused'), '--json'])).toEqual({
      code: 3,
      stdout: '',
      stderr: 'inv: the output could not be written (ENOSPC)\n',
    });
    expect(await redirected('>/dev/full', purchase('refused'))).toEqual({
      code: 3,
      stdout: '',
      stderr: 'inv: only 1 left of item 1001\n',
    });
    expect(await redirected('2>/dev/full', purchase('well'))).toEqual({
      code: 0,
      stdout: 'sold 1\n',
      stderr: '',
    });
  });

  test('what goes wrong while the result is put into words is no failure to do it', async () => {
    expect(await fixture(purchase('unprintable'))).toEqual({
      code: 7,
      stdout: '',
      stderr: 'inv: done, but it could not be printed: no words for this\n',
    });
  });

  test.for(['--help', '--version', 'shop --help'])('%s', async (line) => {
    expect((await redirected('>/dev/full 2>&1', line.split(' '))).code).toBe(7);
  });
});

test('a working folder that is gone is said to be, and help is shown all the same', async () => {
  using folder = new TemporaryFolder();
  const inNone = (...args: string[]) => {
    const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$0" "$@"';
    return finished('bash', ['-c', script, node, folder.file('gone'), FIXTURE, ...args]);
  };
  const refused = await inNone('shop', 'purchase', '--qty', '1');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(
    'inv: the folder in which this was started is gone; go to one that is there (cd)\n',
  );
  expect(refused.stderr).not.toContain('internal error');
  expect(await inNone('shop', 'purchase', '--help')).toMatchObject({ code: 0 });
});

test('`inv help shop purchase` shows what `inv shop purchase --help` shows', async () => {
  const asWord = await fixture(['help', 'shop', 'purchase']);
  expect(asWord).toEqual(await fixture(['shop', 'purchase', '--help']));
  expect(asWord.stdout).toContain('(required) how many');
});

describe('colour', () => {
  // `script` of util-linux is not everywhere; this pseudo-terminal is.
  const inTerminal = async (args: string[], env: Record<string, string>): Promise<string> => {
    const { spawn } = await import('@lydell/node-pty');
    const { FORCE_COLOR, NO_COLOR, CI, ...clean } = process.env;
    const terminal = spawn(node, [FIXTURE, ...args], { env: { ...clean, ...env }, cols: 200 });
    let output = '';
    terminal.onData((data) => {
      output += data;
    });
    await new Promise<void>((resolve) => terminal.onExit(() => resolve()));
    return output;
  };
  const ESCAPE = '\u001b';
  const TERM = 'xterm-256color';

  test('on a terminal', async () => {
    expect(await inTerminal(['--help'], { TERM })).toContain(ESCAPE);
  });

  test('not with NO_COLOR, and without a warning about it', async () => {
    const output = await inTerminal(['--help'], { TERM, NO_COLOR: '1' });
    expect(output).not.toContain(ESCAPE);
    expect(output).not.toMatch(/warning/i);
  });

  test('not in JSON', async () => {
    const output = await inTerminal(['shop', 'purchase', '--qty', '1', '--json'], { TERM });
    expect(output).toBe('{"sold":1}\r\n');
  });

  test('not in a pipe', async () => {
    const { stdout, stderr } = await fixture(['--help'], { TERM });
    expect(stdout).not.toContain(ESCAPE);
    expect(stderr).toBe('');
  });

  test.for(['1', '2', '3', 'true'])('in a pipe too with FORCE_COLOR=%s', async (FORCE_COLOR) => {
    const { stdout, stderr } = await fixture(['--help'], { TERM, FORCE_COLOR });
    expect(stdout).toContain(ESCAPE);
    expect(stderr).toBe('');
  });

  test.for([{ FORCE_COLOR: '0' }, { FORCE_COLOR: '1', NO_COLOR: '1' }])(
    'not on a terminal with %o',
    async (env) => {
      expect(
        await inTerminal(['--help'], { TERM, ...env } as Record<string, string>),
      ).not.toContain(ESCAPE);
    },
  );

  test('never in JSON, not even with FORCE_COLOR', async () => {
    const args = ['shop', 'purchase', '--qty', '1', '--json'];
    expect((await fixture(args, { FORCE_COLOR: '1' })).stdout).toBe('{"sold":1}\n');
  });
});
