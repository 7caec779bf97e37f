import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finished, finished } from '../cli/fixture.ts';
import { program } from '../support/program.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inv-bin-'));
  const [command, [script]] = program([]);
  await symlink(script ?? command, join(folder, 'inv'));
  await writeFile(join(folder, 'a backup.db'), '');
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs a line as a user types it, with inv on the PATH. */
function bash(line: string): Promise<Finished> {
  const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
  return finished('bash', ['-c', line], { env: { PATH } });
}

test('the line for ~/.bashrc makes bash complete inv', async () => {
  const line = `source <(inv completion bash)
    COMP_WORDS=(inv completion ''); COMP_CWORD=2; _inv; echo "\${COMPREPLY[@]}"`;
  expect(await bash(line)).toEqual({ code: 0, stdout: 'bash zsh fish\n', stderr: '' });
});

test.for<[string, string[]]>([
  ["serve restore ''", ['a backup.db', 'inv']],
  ['serve restore a', ['a backup.db']],
  ['serve backup --json a', ['a backup.db']],
  ['serve restore --f', ['--force']],
  ["completion ''", ['bash', 'zsh', 'fish']],
])('in bash %s offers %j', async ([typed, offered]) => {
  const line = `cd ${folder}; source <(inv completion bash)
    COMP_WORDS=(inv ${typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _inv 2>/dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await bash(line);
  expect(stdout.trimEnd().split('\n')).toEqual(offered);
});

/** zsh and fish are no part of what the tests may ask for; where they are, they are asked. */
function without(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status !== 0;
}

test.skipIf(without('zsh'))('the line for ~/.zshrc makes zsh complete inv', async () => {
  const line = `autoload -U compinit; compinit -u -D
    source <(inv completion zsh); print $_comps[inv]`;
  expect(await bash(`zsh -f -c '${line}'`)).toEqual({ code: 0, stdout: '_inv\n', stderr: '' });
});

test.skipIf(without('fish'))('the file for fish makes it complete inv', async () => {
  const line = `inv completion fish > ${folder}/inv.fish; source ${folder}/inv.fish
    complete -C "inv completion "`;
  const { code, stdout, stderr } = await bash(`fish --no-config -c '${line}'`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/^\w+/gm)?.sort()).toEqual(['bash', 'fish', 'zsh']);
});

test.for(['bash', 'zsh', 'fish'])('a script for %s', async (shell) => {
  const { code, stdout, stderr } = await bash(`inv completion ${shell}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`# ${shell} completion for inv\n`);
});

test('another shell is a mistake in usage', async () => {
  expect(await bash('inv completion tcsh')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'inv: expected tcsh to be one of: bash, zsh, fish (--help shows the options)\n',
  });
});

test('no shell is a question', async () => {
  expect(await bash('inv completion')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'inv: which shell? bash, zsh or fish\n',
  });
});

test('zsh and fish complete files too, where a command takes one', async () => {
  const zsh = (await bash('inv completion zsh')).stdout;
  expect(zsh).toMatch(/'serve restore'\)\n.*\n.*files=yes ;;/);
  expect(zsh).toMatch(/'serve stock'\)\n.*\n.*\) ;;/);
  const fish = (await bash('inv completion fish')).stdout;
  expect(fish).toContain("'__inv_at \\'serve restore\\'' -F\n");
  expect(fish).not.toContain("'__inv_at \\'serve stock\\'' -F\n");
});
