/**
 * What a run of the tests makes once for all its files, in a folder of its own: vitest calls this before the first
 * file, and the function that it returns after the last. The files find the folder in INV_RUN_FOLDER.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export default async function makeRunFolder(): Promise<() => void> {
  // Each project of vitest.config.ts calls this.
  if (process.env.INV_RUN_FOLDER !== undefined) return () => undefined;
  const folder = mkdtempSync(join(tmpdir(), 'inv-run-'));
  process.env.INV_RUN_FOLDER = folder;
  // Each of the hundreds of processes of a run would compile the same source texts.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled');
  if (!process.env.INV_BIN) await bundleProgram(folder);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** One file with the program in it, as the standalone executable has it: it starts in half the time. */
async function bundleProgram(folder: string): Promise<void> {
  const file = join(folder, 'program', 'inv.cjs');
  mkdirSync(join(folder, 'program'));
  try {
    const { bundle } = await import(join(root, 'bin/package/bundle.js'));
    await bundle(root, file);
    process.env.INV_BUNDLE = file;
  } catch (error) {
    console.warn(`The tests run bin/run.js: no bundle of dist could be made. ${error}`);
  }
}
