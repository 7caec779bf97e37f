/**
 * What README.md and docs show of a terminal is what the program prints: the commands of each `console`
 * block are run, in their order, and their output is compared. UPDATE_DOCUMENTS=1 writes it anew.
 *
 * Each document has one user, one folder and one shell. `<!-- server: ARGUMENTS -->` in a line of its own
 * starts a server with these arguments (in place of the one before; ~ is the user's folder); without one, the first block finds
 * a server with the built-in catalogue. What else a document shows of `inv`'s commands is held against the manifest.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environment } from './e2e/inv.ts';
import { TemporaryFolder } from './support/folder.ts';
import { pageOf } from './support/http-page.ts';
import { type ServeProcess, serveWith } from './support/serve-process.ts';
import { Shell } from './support/shell.ts';

const root = join(import.meta.dirname, '..');
const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];

/** The documents show the port that the commands take by default; the test's server has another. */
const DEFAULT_PORT = '5050';

/** The port of --http that they show; the test's server chooses another. */
const PAGE_PORT = '8080';

/** Programs of others that a document's commands need: where one is missing, the document is left out. */
const OTHER_PROGRAMS = ['curl', 'openssl', 'redis-cli'];

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

/** The commands of the program by their words, `serve users add`, with the options of each. */
const COMMANDS = new Map(
  Object.entries<{ flags: Record<string, unknown> }>(
    JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')).commands,
  ).map(([id, { flags }]) => [id.replaceAll(':', ' '), [...Object.keys(flags), 'help']]),
);

test.for(documents.filter((name) => name.endsWith('.md')))(
  '%s names only commands and options that there are',
  (name) => {
    const source = readFileSync(join(root, name), 'utf8');
    expect(
      commandsIn(source).flatMap(({ line, text }) => faultsOf(text, `${name}:${line}`)),
    ).toEqual([]);
  },
);

/** Every `inv serve …` and `inv shop …` in a block or between backticks, up to what the shell takes for itself, or a remark. */
function commandsIn(source: string): { line: number; text: string }[] {
  let isBlock = false;
  let isConsole = false;
  return source.split('\n').flatMap((text, index) => {
    if (text.startsWith('```')) {
      isBlock = !isBlock;
      isConsole = text === '```console';
    }
    // What a command prints names no commands but between backticks.
    const isCode = isConsole ? text.startsWith('$ ') : isBlock || text.startsWith('    ');
    const parts = isCode ? [text] : [...text.matchAll(/`([^`]+)`/g)].map(([, part = '']) => part);
    return parts
      .flatMap((part) => [...part.matchAll(/\binv ((?:serve|shop)\b[^`'|;&<>#"]*)/g)])
      .map(([, words = '']) => ({ line: index + 1, text: words.split(/ {2}|, /, 1)[0] as string }));
  });
}

/** Whether there are commands below these words; then no command has these words and takes another. */
function isTopic(words: string): boolean {
  return [...COMMANDS.keys()].some((name) => name.startsWith(`${words} `));
}

function faultsOf(text: string, where: string): string[] {
  const words = text.split(' ').map((word) => word.replace(/[[\].:]+/g, ''));
  const name = [3, 2, 1]
    .map((count) => words.slice(0, count).join(' '))
    .find((some) => COMMANDS.has(some) || isTopic(some));
  const flags = COMMANDS.get(name ?? '') ?? [];
  const next = words[name?.split(' ').length ?? 0] ?? '';
  const isUnknown = name === undefined || (isTopic(name) && /^[a-z]/.test(next));
  const faults = isUnknown ? [`${where}: no command ${name} ${next}`] : [];
  const unknown = words
    .filter((word) => word.startsWith('--'))
    .map((word) => word.slice(2).split('=', 1)[0] as string)
    .filter((flag) => !flags.includes(flag));
  return [...faults, ...unknown.map((flag) => `${where}: inv ${name} has no --${flag}`)];
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
  const pagePort = () => new URL(pageOf(server as unknown as ServeProcess)).port;
  const result: string[] = [];
  await using shell = new Shell(folder.path, env);
  try {
    let isOpen = false;
    for (const line of source.split('\n')) {
      const wanted = /^<!-- server: ?(.*) -->$/.exec(line)?.[1];
      if (wanted !== undefined) {
        const args = wanted.replaceAll('~', folder.path).replace(PAGE_PORT, '0');
        await restart(args.split(' ').filter(Boolean));
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
        const command = line
          .slice(2)
          .replaceAll(DEFAULT_PORT, port())
          .replaceAll(`:${PAGE_PORT}/`, () => `:${pagePort()}/`);
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
