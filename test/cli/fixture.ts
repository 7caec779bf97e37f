import { type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The entry of the small command line that the tests of src/cli run. */
export const FIXTURE = join(import.meta.dirname, 'fixture', 'run.ts');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, without what the test run itself put into the environment. */
export async function finished(
  command: string,
  args: string[],
  options: SpawnOptions = {},
): Promise<Finished> {
  const { DEBUG, FORCE_COLOR, NODE_ENV, NO_COLOR, ...env } = process.env;
  const child = spawn(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...options.env },
  });
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

/** Runs the fixture's command line to its end. */
export function fixture(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return finished(process.execPath, [FIXTURE, ...args], { env });
}
