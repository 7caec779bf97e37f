import { describe, expect, test } from 'vitest';
import { FIXTURE, finished, fixture } from './fixture.ts';

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
  const script = `"$0" "$@" 2> >(true); sleep 0.1; "$0" "$@" 2>&1 >/dev/null | true; echo "\${PIPESTATUS[0]}"`;
  const ended = await finished('bash', ['-c', script, node, FIXTURE, 'nothing']);
  expect(ended).toEqual({ code: 0, stdout: '2\n', stderr: '' });
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

  test('not in a pipe, whatever the environment says', async () => {
    const { stdout, stderr } = await fixture(['--help'], { TERM, FORCE_COLOR: '1' });
    expect(stdout).not.toContain(ESCAPE);
    expect(stderr).toBe('');
  });
});
