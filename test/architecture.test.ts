// The shape of the house: which room may import which, how long a file may be, and that one name means
// one thing. What each room is for stands in docs/architecture.md.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument, tableRows } from './support/document.ts';

const ROOT = join(import.meta.dirname, '..');
const MAX_LINES = 300;
const ARCHITECTURE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** The rooms that each room of src may import from. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: [],
  protocol: [],
  inventory: [],
  client: ['protocol'],
  shop: ['client', 'protocol', 'cli'],
  verbs: ['inventory', 'protocol'],
  server: ['verbs', 'inventory', 'protocol'],
  http: ['server', 'verbs', 'inventory', 'protocol'],
  stores: ['inventory'],
  operator: ['stores', 'inventory', 'cli'],
  commands: [
    ...['cli', 'client', 'http', 'inventory', 'operator', 'protocol', 'server', 'shop', 'stores'],
  ],
};

/** Rooms that no command of the client may load. */
const SERVER_ROOMS = ['server', 'http', 'verbs', 'inventory', 'stores', 'operator'];

interface Source {
  /** Its path from src, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly { readonly path: string; readonly isType: boolean }[];
}

const IMPORT =
  /(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?'(\.[^']+)'|import\('(\.[^']+)'\)/g;

function filesIn(folder: string, extension: string): string[] {
  const all = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((path) => path.endsWith(extension)).map((path) => path.replaceAll(sep, '/'));
}

const sources: ReadonlyMap<string, Source> = new Map(
  filesIn('src', '.ts').map((path) => {
    const text = readFileSync(join(ROOT, 'src', path), 'utf8');
    const imports = [...text.matchAll(IMPORT)].map(([, type, from, lazily]) => ({
      path: posix.join(posix.dirname(path), (from ?? lazily) as string),
      isType: type !== undefined,
    }));
    return [path, { path, text, imports }];
  }),
);

/** The folder of src that a file is in; a file beside the folders may be imported by all. */
const roomOf = (path: string): string => path.split('/')[0] as string;
const isShared = (path: string): boolean => !path.includes('/');

/** What a file loads, directly and through others, now or later. */
function reachedFrom(start: string): Set<string> {
  const reached = new Set<string>();
  const ahead = [start];
  for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const next = sources.get(path)?.imports.filter(({ isType }) => !isType) ?? [];
    ahead.push(...next.map((one) => one.path));
  }
  return reached;
}

test('every import is of a file that is there', () => {
  const missing = [...sources.values()].flatMap(({ path, imports }) =>
    imports.filter((one) => !sources.has(one.path)).map((one) => `${path}: ${one.path}`),
  );
  expect(missing).toEqual([]);
  // The pattern finds them: a file without imports is rare.
  const importing = [...sources.values()].filter(({ imports }) => imports.length > 0);
  expect(importing.length).toBeGreaterThan(sources.size / 2);
});

describe('imports point one way', () => {
  test('between rooms', () => {
    const wrong = [...sources.values()].flatMap(({ path, imports }) =>
      imports
        .map((one) => ({ from: roomOf(path), to: roomOf(one.path), path: one.path }))
        .filter((one) => one.from !== one.to && !isShared(one.path))
        .filter(({ from, to }) => !MAY_IMPORT[from]?.includes(to))
        .map((one) => `${path} imports ${one.path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('as docs/architecture.md has them, room by room', () => {
    const rooms = parseDocument(ARCHITECTURE).find(({ title }) => title === 'The rooms');
    const documented = tableRows(rooms?.text ?? '').flatMap(([folders = '', , imports = '']) =>
      [...folders.matchAll(/`src\/([\w/]+)`/g)].map(([, room = '']) => ({ room, imports })),
    );
    /** The room of the table that a file is in: the innermost one. */
    const innermost = (path: string): string | undefined =>
      documented
        .map(({ room }) => room)
        .filter((room) => path.startsWith(`${room}/`))
        .sort((one, other) => other.length - one.length)[0];
    expect([...sources.keys()].filter((path) => !isShared(path) && !innermost(path))).toEqual(
      // What stores share stands beside their rooms.
      filesIn('src/stores', '.ts')
        .filter((path) => !path.includes('/'))
        .map((path) => `stores/${path}`),
    );
    for (const { room, imports } of documented) {
      if (imports === 'all that it calls') continue;
      const used = [...sources.values()]
        .filter(({ path }) => innermost(path) === room)
        .flatMap((source) => source.imports.map(({ path }) => path))
        .filter((path) => !isShared(path))
        .map(roomOf);
      // Between the rooms of one folder there are arrows in both directions.
      const others = (rooms: readonly string[]) =>
        [...new Set(rooms)].filter((one) => one !== '' && one !== roomOf(room)).sort();
      expect(others(imports.split(', ')), room).toEqual(others(used));
    }
  });

  test('between files: no circle', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) {
        circles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
        return;
      }
      if (done.has(path)) return;
      for (const next of sources.get(path)?.imports ?? []) visit(next.path, [...way, path]);
      done.add(path);
    };
    for (const path of sources.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });

  test('from the client never to what the server is made of', () => {
    const commands = [...sources.keys()].filter((path) => path.startsWith('commands/shop/'));
    expect(commands.length).toBeGreaterThan(5);
    const loaded = new Set(
      [...commands, 'client/client.ts'].flatMap((path) => [...reachedFrom(path)]),
    );
    expect([...loaded].filter((path) => SERVER_ROOMS.includes(roomOf(path)))).toEqual([]);
  });
});

test(`no file has more than ${MAX_LINES} lines`, () => {
  const files = [
    ...[...sources.keys()].map((path) => `src/${path}`),
    ...filesIn('bin', '.js').map((path) => `bin/${path}`),
  ];
  const long = files
    .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  expect(long).toEqual([]);
});

describe('one name means one thing', () => {
  /** Where the same name is the same thing: a command and the verb that it asks with; both stores. */
  function roleOf(path: string): string {
    if (path.startsWith('commands/')) return 'command';
    if (path.startsWith('verbs/')) return 'verb';
    return path.replace(/^stores\/(sqlite|postgres)\//, 'stores/*/');
  }

  /** The names that stand for several things, with the paths where they do. */
  function ambiguous(names: readonly { name: string; path: string }[]): string[] {
    const places = new Map<string, Set<string>>();
    for (const { name, path } of names) {
      places.set(name, (places.get(name) ?? new Set()).add(path));
    }
    return [...places].flatMap(([name, paths]) => {
      const roles = new Set(
        [...paths].map(roleOf).filter((role) => !/^(command|verb)$/.test(role)),
      );
      return roles.size > 1 ? [`${name}: ${[...paths].join(', ')}`] : [];
    });
  }

  test('of files', () => {
    const names = [...sources.keys()].map((path) => ({ name: basename(path), path }));
    expect(ambiguous(names)).toEqual([]);
  });

  test('of what is exported', () => {
    const EXPORT =
      /^export (?:abstract )?(?:class|interface|type|async function|function|const) (\w+)/gm;
    const names = [...sources.values()].flatMap(({ path, text }) =>
      [...text.matchAll(EXPORT)].map(([, name = '']) => ({ name, path })),
    );
    expect(names.length).toBeGreaterThan(100);
    const inOneFolder = names.map(({ name, path }) => ({
      name,
      // Commands and verbs export no names that others could mistake for theirs, nor may they.
      path: path.replace(/^(commands|verbs)\//, '$1-'),
    }));
    expect(ambiguous(inOneFolder)).toEqual([]);
  });
});

test('every error of ours is called what its class is called', () => {
  const nameless = [...sources.values()].filter(
    ({ path, text }) => path !== 'named-error.ts' && /class \w+ extends Error\b/.test(text),
  );
  expect(nameless.map(({ path }) => path)).toEqual([]);
});

test('no comment is for a tool that is not used', () => {
  const folders = { src: '.ts', test: '.ts', bin: '.js' };
  const found = Object.entries(folders).flatMap(([folder, extension]) =>
    filesIn(folder, extension)
      .map((path) => `${folder}/${path}`)
      .filter((path) => path !== 'test/architecture.test.ts')
      .filter((path) => /(prettier|eslint|tslint)-/.test(readFileSync(join(ROOT, path), 'utf8'))),
  );
  expect(found).toEqual([]);
});
