import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
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
