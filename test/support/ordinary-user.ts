/** A user whom the modes of files bind: root, whom they do not, becomes nobody. */
import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TemporaryFolder } from './folder.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

const sourcePath = (name: string) => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));

/** Whether there is such a user here, and may read the sources. */
export const hasOrdinaryUser =
  process.platform !== 'win32' &&
  spawnSync(process.execPath, [sourcePath('named-error.ts')], user).status === 0;

/** Makes the folder that user's. */
export function giveToOrdinaryUser(folder: TemporaryFolder): void {
  if (isRoot) chownSync(folder.path, NOBODY, NOBODY);
}

/**
 * Runs `code` in a process of that user, in which `source` is the module `name` of src. Returns what `code` returns, as
 * a text; of an error that it throws, the message.
 */
export function asOrdinaryUser(name: string, code: string): string {
  const script = `const source = await import(${JSON.stringify(sourcePath(name))});
    const said = await (async () => { ${code} })().catch((error) => error.message);
    console.log(said);`;
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { ...user, encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}
