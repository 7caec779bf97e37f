/**
 * What README.md and docs show of a terminal is what the program prints: the commands of each `console`
 * block are run, in their order, and their output is compared. UPDATE_DOCUMENTS=1 writes it anew.
 *
 * Each document has one user, one folder and one shell. `<!-- server: ARGUMENTS -->` in a line of its own
 * starts a server with these arguments (in place of the one before; ~ is the user's folder); without one, the first block finds
 * a server with the built-in catalogue.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environment } from './e2e/inv.ts';
import { TemporaryFolder } from './support/folder.ts';
import { type ServeProcess, serveWith } from './support/serve-process.ts';
import { Shell } from './support/shell.ts';

const root = join(import.meta.dirname, '..');
const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];

/** The documents show the port that the commands take by default; the test's server has another. */
const DEFAULT_PORT = '5050';

/** Programs of others that a document's commands need: where one is missing, the document is left out. */
const OTHER_PROGRAMS = ['openssl', 'redis-cli'];

function canRun(source: string): boolean {
  return OTHER_PROGRAMS.filter((program) => source.includes(`\n$ ${program} `)).every(
    (program) => spawnSync(program, ['--version']).error === undefined,
  );
}

/** What differs from run to run: ids, times, tokens, sizes. */
const VARIABLE: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?/g, '<time>'],
  [/\b1[789]\d{11}\b/g, '<milliseconds>'],
];

function comparable(text: string): string {
  let result = text;
  for (const [pattern, word] of VARIABLE) result = result.replace(pattern, word);
  return result.trimEnd();
}

for (const name of documents.filter((name) => name.endsWith('.md'))) {
  const path = join(root, name);
  const source = readFileSync(path, 'utf8');
  test.runIf(source.includes('\n```console\n') && canRun(source))(
    `${name} shows what the program does`,
    async () => {
      const text = await played(source);
      if (process.env.UPDATE_DOCUMENTS) writeFileSync(path, text);
      else expect(comparable(source)).toBe(comparable(text));
    },
    // A long document runs dozens of commands.
    120_000,
  );
}

/** `source` with the output of each command as it is now. */
async function played(source: string): Promise<string> {
  using folder = new TemporaryFolder();
  const env = { ...environment(folder.path), LANG: 'C.UTF-8', TERM: 'xterm' };
  let server: ServeProcess | null = null;
  const restart = async (args: readonly string[]) => {
    await server?.stop();
    server = await serveWith(env, ...args);
  };
  const port = () => String((server as ServeProcess | null)?.port);
  const result: string[] = [];
  await using shell = new Shell(folder.path, env);
  try {
    let isOpen = false;
    for (const line of source.split('\n')) {
      const wanted = /^<!-- server: ?(.*) -->$/.exec(line)?.[1];
      if (wanted !== undefined) {
        await restart(wanted.replaceAll('~', folder.path).split(' ').filter(Boolean));
      }
      if (line === '```console') {
        isOpen = true;
        if (server === null) await restart([]);
        await shell.run(`export INV_PORT=${port()}`);
      } else if (line.startsWith('```')) {
        isOpen = false;
      }
      if (!isOpen || line === '```console') {
        result.push(line);
      } else if (line.startsWith('$ ')) {
        const command = line.slice(2).replaceAll(DEFAULT_PORT, port());
        const output = (await shell.run(command))
          .replaceAll(folder.path, '/home/you')
          // What the program adds to its commands because the test's port is not the default one.
          .replaceAll(new RegExp(`(\`inv shop [^\`]*) --port ${port()}\\b`, 'g'), '$1')
          .replaceAll(port(), DEFAULT_PORT);
        result.push(line, ...output.split('\n').slice(0, -1));
      }
    }
  } finally {
    await (server as ServeProcess | null)?.stop();
  }
  return result.join('\n');
}
