import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Plugin } from '@oclif/core';
import { beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

let plugin: Plugin;

beforeAll(async () => {
  // As `oclif manifest` makes it, of what `npm test` has just built.
  plugin = new Plugin({
    errorOnManifestCreate: true,
    ignoreManifest: true,
    isRoot: true,
    respectNoCacheDefault: true,
    root,
  });
  await plugin.load();
});

test('oclif.manifest.json says what the commands say', async () => {
  const written = await readFile(join(root, 'oclif.manifest.json'), 'utf8').catch(() => '');
  const hint = 'oclif.manifest.json is out of date: run `npm run build`, and look at its changes';
  // The order of the commands is that in which the file system names them.
  expect(JSON.parse(written || '{}'), hint).toEqual(JSON.parse(JSON.stringify(plugin.manifest)));
});

test('the manifest holds nothing of the machine that made it', () => {
  const text = JSON.stringify(plugin.manifest);
  expect(text).not.toContain(root);
  expect(text).not.toContain(`${homedir()}/`);
});

test('every command has a summary, a description and examples, and every option a summary', () => {
  const missing: string[] = [];
  for (const { id, summary, description, examples, flags } of Object.values(
    plugin.manifest.commands,
  )) {
    if (!summary) missing.push(`${id}: summary`);
    if (!description) missing.push(`${id}: description`);
    if (!examples?.length) missing.push(`${id}: examples`);
    for (const flag of Object.values(flags)) {
      if (!flag.summary && !flag.description) missing.push(`${id} --${flag.name}: summary`);
    }
  }
  expect(missing).toEqual([]);
});

test('no text of the help breaks a line in the midst of a paragraph: it is wrapped for the width of the terminal', () => {
  const broken = textsIn(plugin.manifest).filter((text) =>
    text.split('\n').some((line, at, lines) => isProse(line) && isProse(lines[at + 1] ?? '')),
  );
  expect(broken).toEqual([]);
});

/** Neither indented, nor an entry of a list, nor the empty line between paragraphs. */
function isProse(line: string): boolean {
  return /^[^\s-]/.test(line);
}

/** The summaries and descriptions of commands, arguments, options and examples. */
function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    typeof part === 'string' && (key === 'summary' || key === 'description')
      ? [part]
      : textsIn(part),
  );
}

test('every option of the server that takes a value is an INV_ variable too', () => {
  const flags = Object.values(plugin.manifest.commands.serve?.flags ?? {});
  const valued = flags.filter(({ type, name }) => type === 'option' && name !== 'help');
  expect(valued.map(({ name }) => name)).toEqual(expect.arrayContaining(['host', 'port', 'data']));
  for (const flag of valued) {
    const { env, name } = flag as { env?: string; name: string };
    expect(env, `--${name}`).toBe(`INV_${name.toUpperCase().replaceAll('-', '_')}`);
  }
});
