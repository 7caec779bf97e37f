import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { TemporaryFolder } from './folder.ts';
import { guardOf } from './run-folder.ts';

test.runIf(process.platform === 'linux')(
  'a run that is broken off leaves no process and no folder',
  async () => {
    using parent = new TemporaryFolder();
    const folder = parent.file('run');
    mkdirSync(folder);
    const guard = guardOf(folder);
    const env = { ...process.env, INV_RUN_FOLDER: folder };
    await using ours = running({ env });
    await using others = running({ env: { ...env, INV_RUN_FOLDER: `${folder}2` } });
    const [ended, done] = [once(ours.child, 'exit'), once(guard, 'exit')];
    // What Ctrl-C sends to all that belong to the terminal.
    guard.kill('SIGINT');
    expect(existsSync(folder)).toBe(true);
    guard.stdin?.end();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await done).toEqual([0, null]);
    expect(readdirSync(parent.path)).toEqual([]);
    expect(others.child.exitCode ?? others.child.signalCode).toBeNull();
  },
);

test.runIf(process.platform === 'linux')(
  'nor does a run that ends by itself, with a test that left a process',
  async () => {
    using parent = new TemporaryFolder();
    const { INV_RUN_FOLDER: _, ...env } = process.env;
    // INV_BIN: no bundle is made, which takes long.
    const run = spawn(process.execPath, ['--input-type=module', '-e', RUN], {
      env: { ...env, TMPDIR: parent.path, INV_BIN: 'inv' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said, ended] = await Promise.all([text(run.stdout), once(run, 'exit')]);
    expect(ended).toEqual([0, null]);
    // Who ended it: what is left of a run, by the end of the run.
    expect(said).toBe('null SIGKILL\n');
    expect(readdirSync(parent.path)).toEqual([]);
  },
);

/** A run of one test, which starts a process of its own group; at the end it tells how the process has ended. */
const RUN = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import makeRunFolder from ${JSON.stringify(join(import.meta.dirname, 'run-folder.ts'))};
  const endRun = await makeRunFolder();
  const left = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const ended = once(left, 'exit');
  await once(left, 'spawn');
  await endRun();
  left.kill('SIGTERM');
  console.log(...(await ended));
`;

/** A process that only waits, ended at the end of the scope. */
function running(options: { env: NodeJS.ProcessEnv }) {
  const child = spawn('sleep', ['1000'], { ...options, stdio: 'ignore' });
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
