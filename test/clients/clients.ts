/** The client libraries that are tried, and how each of them is found and run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Command = readonly [program: string, ...args: string[]];

export interface Client {
  readonly name: string;
  readonly language: string;
  readonly resp: 2 | 3;
  /** What brings it: a package of npm, or of Debian. */
  readonly from: string;
  /** Commands that succeed where it is installed; `run` gets the program of the first that does. */
  readonly probes: readonly Command[];
  /** Makes the program `out`, where the language is compiled. */
  readonly build?: (out: string) => { command: Command; env?: NodeJS.ProcessEnv };
  /** Its program under test/clients; it gets the port, the port of the proxy that cuts, and no more. */
  readonly run: (program: string) => Command;
  /** What its user must know or set, for docs/clients.md. */
  readonly set: string;
}

const here = (path: string) => join(import.meta.dirname, path);

function npm(
  name: string,
  { package: from = name, resp = 2 as 2 | 3, program = '', args = [] as string[], set = '' },
): Client {
  const manifest = join(import.meta.dirname, '../../node_modules', from, 'package.json');
  const read = `console.log(JSON.parse(fs.readFileSync(process.argv[1])).version)`;
  return {
    name,
    language: 'JavaScript',
    resp,
    from: `npm ${npmName(manifest, from)}`,
    probes: [[process.execPath, '-e', read, manifest]],
    run: (node) => [node, here(`node/${program}`), ...args],
    set,
  };
}

/** The name that a package has at npm: the major before is installed under a name of its own. */
function npmName(manifest: string, from: string): string {
  try {
    return JSON.parse(readFileSync(manifest, 'utf8')).name;
  } catch {
    return from;
  }
}

const nodeRedis = (major: string, from: string, resp: 2 | 3) =>
  npm(`node-redis ${major}`, {
    package: from,
    resp,
    program: 'node-redis.ts',
    args: [from, String(resp)],
    set: '`sendCommand([…])`, in a transaction `addCommand([…])`',
  });

const ioredis = (name: string, from: string) =>
  npm(name, {
    package: from,
    program: 'ioredis.ts',
    args: [from],
    set: '`call(…)`, also of `pipeline()` and `multi()`',
  });

const glide = (resp: 2 | 3) =>
  npm('Valkey GLIDE', {
    package: '@valkey/valkey-glide',
    resp,
    program: 'glide.ts',
    args: [String(resp)],
    set: '`customCommand([…])`, also of `Batch`',
  });

export const NPM_CLIENTS: readonly Client[] = [
  nodeRedis('6', 'redis', 2),
  nodeRedis('6', 'redis', 3),
  nodeRedis('5', 'redis5', 2),
  nodeRedis('5', 'redis5', 3),
  ioredis('ioredis 6', 'ioredis'),
  ioredis('ioredis 5', 'ioredis5'),
  ioredis('iovalkey', 'iovalkey'),
  glide(2),
  glide(3),
];

/** Where a machine has more than one Python, Debian's packages are in Debian's own. */
const python = (program: string) =>
  ({
    language: 'Python',
    resp: 2,
    from: 'Debian python3-redis',
    probes: [
      ['python3', '-c', 'import redis'],
      ['/usr/bin/python3', '-c', 'import redis'],
    ],
    run: (python3) => [python3, here(`python/${program}`)],
    set: '`execute_command(…)`; a `pipeline()` is a transaction, of at most 1,024 requests',
  }) satisfies Omit<Client, 'name'>;

const GO_ENVIRONMENT = { GOPATH: '/usr/share/gocode', GO111MODULE: 'off', GOFLAGS: '' };

export const SYSTEM_CLIENTS: readonly Client[] = [
  { name: 'redis-py', ...python('sync.py') },
  { name: 'redis-py, asyncio', ...python('asynchronous.py') },
  {
    name: 'redis-rb',
    language: 'Ruby',
    resp: 2,
    from: 'Debian ruby-redis',
    probes: [['ruby', '-e', 'require "redis"']],
    run: (ruby) => [ruby, here('ruby/redis-rb.rb')],
    set: '`call(…)`, also of `pipelined` and `multi`',
  },
  {
    name: 'phpredis',
    language: 'PHP',
    resp: 2,
    from: 'Debian php-redis',
    probes: [['php', '-r', 'exit(extension_loaded("redis") ? 0 : 1);']],
    run: (php) => [php, here('php/phpredis.php')],
    set: '`rawCommand(…)`; an error of the code `ERR` is `false`, its text in `getLastError()`: in a transaction call `discard()` then, `exec()` would wait for ever',
  },
  {
    name: 'Predis',
    language: 'PHP',
    resp: 2,
    from: 'Debian php-predis',
    probes: [['php', '-r', 'exit((@include "Predis/Autoloader.php") ? 0 : 1);']],
    run: (php) => [php, here('php/predis.php')],
    set: '`executeCommand(new RawCommand([…]))`, so that an error is thrown',
  },
  {
    name: 'Redis.pm',
    language: 'Perl',
    resp: 2,
    from: 'Debian libredis-perl',
    probes: [['perl', '-MRedis', '-e', '1']],
    run: (perl) => [perl, here('perl/redis.pl')],
    set: 'the verbs are methods: `$shop->purchase(…)`',
  },
  {
    name: 'redigo',
    language: 'Go',
    resp: 2,
    from: 'Debian golang-github-gomodule-redigo-dev',
    probes: [
      ['sh', '-c', 'go version && test -d /usr/share/gocode/src/github.com/gomodule/redigo/redis'],
    ],
    build: (out) => ({
      command: ['go', 'build', '-o', out, here('go/redigo.go')],
      env: GO_ENVIRONMENT,
    }),
    run: (program) => [program],
    set: '`Do("PURCHASE", …)`; a `Pool` makes the new connection after a loss',
  },
  {
    name: 'hiredis',
    language: 'C',
    resp: 2,
    from: 'Debian libhiredis-dev',
    probes: [['sh', '-c', 'echo "#include <hiredis/hiredis.h>" | cc -fsyntax-only -x c -']],
    build: (out) => ({
      command: ['cc', '-Wall', '-o', out, here('c/hiredis.c'), '-lhiredis'],
    }),
    run: (program) => [program],
    set: '`AUTH` is a command of its own; so is connecting again',
  },
  {
    name: 'hedis',
    language: 'Haskell',
    resp: 2,
    from: 'Debian libghc-hedis-dev',
    probes: [['ghc-pkg', 'describe', 'hedis']],
    build: (out) => ({
      command: ['ghc', '-v0', '-O0', '-outputdir', `${out}.o`, '-o', out, here('haskell/hedis.hs')],
    }),
    run: (program) => [program],
    set: '`sendRequest […]`; it knows no user: a token of `LOGIN` is its password',
  },
];
