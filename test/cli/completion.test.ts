import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from '@oclif/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScript, SHELLS } from '../../src/cli/completion.ts';
import { finished } from './fixture.ts';

const ENDS = [
  'well',
  'refused',
  'fault',
  'rejection',
  'exception',
  'interrupted',
  'exit',
  'long',
  'unprintable',
];

/** What is typed, the last word being the one to complete, and what must be offered. */
const CASES: [typed: string[], offered: string[]][] = [
  [[''], ['shop']],
  [['sh'], ['shop']],
  [['nothing'], []],
  [['--v'], ['--version']],
  [['shop', ''], ['purchase']],
  [
    ['shop', '--'],
    ['--port', '--help'],
  ],
  [['shop', '--port', ''], []],
  [
    ['shop', 'purchase', '--'],
    ['--json', '--qty', '--end', '--data', '--pace', '--count', '--fast', '--note', '--help'],
  ],
  [['shop', 'purchase', '--qty', '1', '--no'], ['--note']],
  [['shop', 'purchase', '--end', ''], ENDS],
  [
    ['shop', 'purchase', '--end', 'ex'],
    ['exception', 'exit'],
  ],
  [['shop', 'purchase', '--data', 'my f'], ['my file.db']],
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inv-completion-'));
  await writeFile(join(folder, 'my file.db'), '');
  const { commands } = await Config.load({ root: join(import.meta.dirname, 'fixture') });
  for (const shell of SHELLS) {
    await writeFile(join(folder, `inv.${shell}`), completionScript(shell, 'inv', commands));
  }
});

afterAll(() => rm(folder, { recursive: true }));

async function lines(command: string, args: string[]): Promise<string[]> {
  const { stdout, stderr } = await finished(command, args, { cwd: folder });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('bash', () => {
  const ask = `source ./inv.bash
    COMP_WORDS=(inv "$@"); COMP_CWORD=$#
    _inv 2> >(grep -v 'compopt: not currently executing' >&2)
    for word in "\${COMPREPLY[@]}"; do echo "$word"; done`;

  test.for(CASES)('%s', async ([typed, offered]) => {
    expect(await lines('bash', ['-c', ask, 'bash', ...typed])).toEqual(offered);
  });

  test('--end=re, which bash takes apart at the equals sign', async () => {
    const typed = ['shop', 'purchase', '--end', '=', 're'];
    expect(await lines('bash', ['-c', ask, 'bash', ...typed])).toEqual(['refused', 'rejection']);
  });

  test('the script registers itself', async () => {
    expect(await lines('bash', ['-c', 'source ./inv.bash; complete -p inv'])).toEqual([
      'complete -F _inv inv',
    ]);
  });
});

/** zsh and fish are no part of what the tests may ask for; where they are, they are asked. */
function without(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status !== 0;
}

describe.skipIf(without('fish'))('fish', () => {
  test.for(CASES)('%s', async ([typed, offered]) => {
    const line = ['inv', ...typed].join(' ').replace('my f', 'my\\ f');
    const ask = 'source inv.fish; complete -C $argv[1] | string split -f 1 \\t';
    const answer = await lines('fish', ['--no-config', '-c', ask, line]);
    // fish offers the short options after one dash too, and orders the words itself.
    expect(answer.filter((word) => !/^-\w$/.test(word)).sort()).toEqual(offered.toSorted());
  });
});

describe.skipIf(without('zsh'))('zsh', () => {
  // What zsh would do with the words is its own affair: here they are printed.
  const ask = `compdef() { print -r -- "$@" > registered; }
    offer() { local entry; for entry in "$@"; do [[ $entry == $typed* ]] && print -r -- $entry; done }
    _describe() { local name=\${@[-1]} entry; for entry in \${(P)name}; do offer \${entry%%:*}; done }
    compadd() { shift; offer "$@"; }
    _files() { offer *.db; }
    source ./inv.zsh
    words=(inv "$@"); CURRENT=$#words; typed=\${@[-1]}
    _inv; true`;

  test.for(CASES)('%s', async ([typed, offered]) => {
    const answer = await lines('zsh', ['-f', '-c', ask, 'zsh', ...typed]);
    expect(answer.filter((word) => !/^-\w$/.test(word))).toEqual(offered);
  });

  test('the script registers itself', async () => {
    expect(await lines('zsh', ['-f', '-c', `${ask}; cat registered`, 'zsh', 'none'])).toEqual([
      '_inv inv',
    ]);
  });
});

describe.for(SHELLS)('%s', (shell) => {
  const completionOf = async (): Promise<string> => {
    const { commands } = await Config.load({ root: join(import.meta.dirname, 'fixture') });
    return completionScript(shell, 'inv', commands);
  };

  test('knows every command and option by name, and no hidden one', async () => {
    const script = await completionOf();
    for (const word of ['shop', 'purchase', 'qty', 'end', 'data', 'note', 'port', 'version']) {
      expect(script).toContain(word);
    }
    expect(script).not.toContain('secret');
  });

  test('is the same each time', async () => {
    expect(await completionOf()).toBe(await completionOf());
  });
});

test('a summary with an apostrophe is quoted for its shell', async () => {
  const { commands } = await Config.load({ root: join(import.meta.dirname, 'fixture') });
  expect(completionScript('zsh', 'inv', commands)).toContain("'purchase:Buy, and don'\\''t pay");
  expect(completionScript('fish', 'inv', commands)).toContain("-d 'Buy, and don\\'t pay: a test'");
});
