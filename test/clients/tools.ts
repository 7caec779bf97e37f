/** The tools of Redis, and of those who watch or balance it: each mode of them that makes sense here. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { TemporaryFolder } from '../support/folder.ts';
import { RawClient } from '../support/raw-client.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { CATALOG, debianVersion, type Output, run } from './campaign.ts';
import type { Command } from './clients.ts';

export interface Tool {
  readonly name: string;
  /** The mode, as docs/clients.md shows it. */
  readonly mode: string;
  readonly from: string;
  readonly probe: Command;
  /** Whether the server speaks TLS. */
  readonly isTls?: boolean;
  /** Rejects when the tool does not do what it is for. */
  readonly use: (shop: ToolShop) => Promise<void>;
}

export interface ToolReport {
  readonly tool: Tool;
  readonly isMissing: boolean;
  readonly version: string;
  /** What went wrong; null: nothing. */
  readonly fault: string | null;
}

const LIMIT_MS = 60_000;

/** A server for one tool, and what a tool's test asks of it. */
class ToolShop implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  #server: ServeProcess;

  private constructor(folder: TemporaryFolder, server: ServeProcess) {
    this.folder = folder;
    this.#server = server;
  }

  static async open({ isTls = false }: Pick<Tool, 'isTls'>): Promise<ToolShop> {
    const folder = new TemporaryFolder();
    const catalog = folder.file('catalog.json');
    writeFileSync(catalog, JSON.stringify(CATALOG));
    const { key, certificate } = isTls ? await makeCertificate(folder) : {};
    const tls = key && certificate ? ['--tls-key', key, '--tls-cert', certificate] : [];
    return new ToolShop(folder, await serve(folder.file('shop.db'), '--catalog', catalog, ...tls));
  }

  get port(): string {
    return String(this.#server.port);
  }

  /** Starts the server again, on its port of before. */
  async start(): Promise<void> {
    this.#server = await serve(this.folder.file('shop.db'), '--port', this.port);
  }

  async stop(): Promise<void> {
    await this.#server.stop('SIGKILL');
  }

  /** Units of UPC 1001 that are sold. */
  async sold(): Promise<number> {
    await using auditor = await RawClient.connect(this.#server.port);
    await auditor.ask('HELLO 3 AUTH alice wonderland');
    const [item] = await auditor.ask('INVENTORY 1001');
    return 100_000 - item.available;
  }

  /** redis-cli, logged in: its output. */
  async cli(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Output> {
    const login = ['--user', 'alice', '--pass', 'wonderland', '--no-auth-warning'];
    const words =
      env.REDISCLI_AUTH === undefined ? login : ['--user', 'alice', '--no-auth-warning'];
    return await this.run(['redis-cli', '-p', this.port, ...words, ...args], input, env);
  }

  async run(command: Command, input = '', env: NodeJS.ProcessEnv = {}): Promise<Output> {
    return await run(command, { limitMs: LIMIT_MS, env, input, cwd: this.folder.path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

function expect(isTrue: boolean, what: unknown): void {
  if (!isTrue) throw new Error(`unexpected: ${JSON.stringify(what)}`);
}

const REDIS_TOOLS = { from: 'Debian redis-tools', probe: ['redis-cli', '--version'] } as const;
const BUY = ['PURCHASE', '1001', '1', 'ORDER', 'cli-1'];

function cli(mode: string, use: Tool['use']): Tool {
  return { name: 'redis-cli', mode, ...REDIS_TOOLS, use };
}

const STUNNEL = {
  from: 'Debian stunnel4',
  probe: ['sh', '-c', 'stunnel4 -version && openssl version && redis-cli --version'],
} as const;

export const TOOLS: readonly Tool[] = [
  cli('one command, `--user` and `--pass`', async (shop) => {
    expect((await shop.cli(['PING'])).output === 'PONG\n', 'no PONG');
    expect(
      /^order\ncli-1\nat\n\d+\nreplayed\n0\n/.test((await shop.cli(BUY)).output),
      'no receipt',
    );
    expect(/\nreplayed\n1\n/.test((await shop.cli(BUY)).output), 'not replayed');
    expect((await shop.sold()) === 1, 'bought twice');
  }),
  cli('`REDISCLI_AUTH` for the password', async (shop) => {
    const { output } = await shop.cli(['WHOAMI'], '', { REDISCLI_AUTH: 'wonderland' });
    expect(output.startsWith('user\nalice\n'), output);
  }),
  cli('`-e`: a refusal is exit code 1', async (shop) => {
    const { code, errors, output } = await shop.cli(['-e', 'PURCHASE', '1002', '9', 'ORDER', 'no']);
    expect(code === 1 && `${errors}${output}`.includes('NOSTOCK '), [code, errors, output]);
  }),
  cli('`-u redis://USER:PASSWORD@HOST:PORT/0`', async (shop) => {
    const uri = `redis://alice:wonderland@127.0.0.1:${shop.port}/0`;
    const { output } = await shop.run(['redis-cli', '--no-auth-warning', '-u', uri, 'WHOAMI']);
    expect(output.startsWith('user\nalice\n'), output);
  }),
  cli('`-3`', async (shop) => {
    const { output } = await shop.cli(['-3', 'INVENTORY', '1001']);
    expect(output === 'upc 1001\nname Käse\navailable 100000\n', output);
  }),
  cli('`--json`', async (shop) => {
    const { output } = await shop.cli(['--json', ...BUY]);
    const receipt = JSON.parse(output);
    expect(receipt.order === 'cli-1' && receipt.replayed === false, receipt);
  }),
  cli('`--csv`', async (shop) => {
    const { output } = await shop.cli(['--csv', 'WHOAMI']);
    expect(output.startsWith('"user","alice","since",'), output);
  }),
  cli('`-x`: the last word from stdin', async (shop) => {
    const { output } = await shop.cli(['-x', ...BUY.slice(0, -1)], 'cli-x');
    expect(output.startsWith('order\ncli-x\n'), output);
  }),
  cli('commands on stdin, with `MULTI` and `EXEC`', async (shop) => {
    const lines = ['MULTI', BUY.join(' '), 'PURCHASE 1001 "1" ORDER \'cli-2\'', 'EXEC', 'PING'];
    const { output } = await shop.cli([], `${lines.join('\n')}\n`);
    expect(
      /^OK\nQUEUED\nQUEUED\norder\ncli-1\n[\s\S]*order\ncli-2\n[\s\S]*PONG\n$/.test(output),
      output,
    );
    expect((await shop.sold()) === 2, 'not bought');
  }),
  cli('`help PURCHASE`', async (shop) => {
    const { output } = await shop.cli([], 'help PURCHASE\n');
    expect(
      stripVTControlCharacters(output).includes('PURCHASE upc qty ') &&
        output.includes('buy all lines'),
      output,
    );
  }),
  cli('`--pipe`, 1,000 purchases', async (shop) => {
    const requests = Array.from({ length: 1_000 }, (_, index) => {
      return `PURCHASE 1001 1 ORDER pipe-${index}\r\n`;
    });
    const { output } = await shop.cli(['--pipe'], requests.join(''));
    expect(output.includes('errors: 0, replies: 1000'), output);
    expect((await shop.sold()) === 1_000, 'not bought');
  }),
  cli('`--latency`', async (shop) => {
    const { code, output } = await shop.cli(['--latency', '-i', '0.2']);
    expect(code === 0 && /^\d+ \d+ [\d.]+ [1-9]\d*\n/.test(output), output);
  }),
  {
    ...cli('`--tls --cacert FILE`, to a server with `--tls-cert`', async (shop) => {
      const authority = ['--tls', '--cacert', shop.folder.file('certificate.pem')];
      const { output } = await shop.cli([...authority, ...BUY]);
      expect(output.startsWith('order\ncli-1\n'), output);
      const without = await shop.cli(BUY);
      expect(without.code !== 0 && without.output === '', without.output);
    }),
    probe: ['sh', '-c', 'redis-cli --help 2>&1 | grep -e --tls && openssl version'],
    isTls: true,
  },
  {
    name: 'redis-benchmark',
    mode: '50 connections, `-P 16`, 10,000 purchases',
    ...REDIS_TOOLS,
    probe: ['redis-benchmark', '--version'],
    use: async (shop) => {
      const load = ['-c', '50', '-P', '16', '-n', '10000', '-q', 'PURCHASE', '1001', '1'];
      const login = ['--user', 'alice', '-a', 'wonderland'];
      const { output } = await shop.run(['redis-benchmark', '-p', shop.port, ...login, ...load]);
      expect(/PURCHASE 1001 1: [\d.]+ requests per second/.test(output), output);
      expect(!/error/i.test(output) && (await shop.sold()) === 10_000, output);
    },
  },
  {
    name: 'HAProxy',
    mode: '`tcp-check` with `PING` and `expect string role:master`, and purchases through it',
    from: 'Debian haproxy',
    probe: ['haproxy', '-v'],
    use: balanced,
  },
  {
    name: 'redis_exporter',
    mode: '`-redis.addr`, `-redis.user`, `-redis.password`',
    from: 'Debian prometheus-redis-exporter',
    probe: ['prometheus-redis-exporter', '--version'],
    use: exported,
  },
  {
    name: 'stunnel',
    mode: 'TLS before a server without, reached by `redis-cli --tls`',
    ...STUNNEL,
    use: tunnelled,
  },
  {
    name: 'stunnel',
    mode: 'from a client without TLS to a server with `--tls-cert`, its certificate checked',
    ...STUNNEL,
    isTls: true,
    use: tunnelledToTls,
  },
];

/** Runs `tool` against a server of its own. Never rejects because of the tool. */
export async function tryTool(tool: Tool): Promise<ToolReport> {
  const { code } = await run(tool.probe, { limitMs: LIMIT_MS });
  if (code !== 0) return { tool, isMissing: true, version: '', fault: null };
  const fault = await useTool(tool).then(
    () => null,
    (error: Error) => error.message,
  );
  return { tool, isMissing: false, version: await debianVersion(tool.from), fault };
}

async function useTool(tool: Tool): Promise<void> {
  await using shop = await ToolShop.open(tool);
  await tool.use(shop);
}

/** HAProxy's documented check of a Redis server: up while the server is there, down while it is not. */
async function balanced(shop: ToolShop): Promise<void> {
  const front = await freePort();
  const status = shop.folder.file('haproxy.socket');
  const configuration = shop.folder.file('haproxy.cfg');
  writeFileSync(
    configuration,
    `global
  stats socket ${status}
defaults
  mode tcp
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  timeout check 2s
listen shop
  bind 127.0.0.1:${front}
  option tcp-check
  tcp-check connect
  tcp-check send PING\\r\\n
  tcp-check expect string +PONG
  tcp-check send info\\ replication\\r\\n
  tcp-check expect string role:master
  tcp-check send QUIT\\r\\n
  tcp-check expect string +OK
  server one 127.0.0.1:${shop.port} check inter 100ms fall 1 rise 1
`,
  );
  await beside(['haproxy', '-f', configuration], shop, async () => {
    const state = async (wanted: string) => {
      await until(`${wanted} at HAProxy`, async () => {
        const line = (await talk(status, 'show stat\n')).match(/^shop,one,.*$/m)?.[0] ?? '';
        return line.includes(`,${wanted},`) && line.includes('L7OK') === (wanted === 'UP');
      });
    };
    await state('UP');
    const { output } = await shop.cli(['-p', String(front), ...BUY]);
    expect(output.startsWith('order\ncli-1\n'), output);
    await shop.stop();
    await state('DOWN');
    await shop.start();
    await state('UP');
  });
}

async function exported(shop: ToolShop): Promise<void> {
  const port = await freePort();
  const command: Command = [
    'prometheus-redis-exporter',
    `-redis.addr=redis://127.0.0.1:${shop.port}`,
    '-redis.user=alice',
    '-redis.password=wonderland',
    `-web.listen-address=127.0.0.1:${port}`,
  ];
  await beside(command, shop, async () => {
    let metrics = '';
    await until('its metrics', async () => {
      metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return metrics !== '';
    });
    expect(/^redis_up 1$/m.test(metrics), metrics.match(/^.*redis_.*error.*$/gm));
    for (const name of ['connected_clients', 'memory_used_bytes', 'commands_processed_total']) {
      const value = new RegExp(`^redis_${name} (\\S+)$`, 'm').exec(metrics)?.[1];
      expect(Number(value) > 0, `${name} ${value}`);
    }
    expect(/^redis_instance_info\{.*role="master".*\} 1$/m.test(metrics), 'no role');
  });
}

/** stunnel before a server without TLS. */
async function tunnelled(shop: ToolShop): Promise<void> {
  const { key, certificate } = await makeCertificate(shop.folder);
  await throughStunnel(shop, `cert = ${certificate}\nkey = ${key}`, [
    '--tls',
    '--cacert',
    certificate,
  ]);
}

/** stunnel before a client without TLS; it checks the certificate of the server. */
async function tunnelledToTls(shop: ToolShop): Promise<void> {
  const certificate = shop.folder.file('certificate.pem');
  await throughStunnel(
    shop,
    `client = yes\nverifyChain = yes\nCAfile = ${certificate}\ncheckIP = 127.0.0.1`,
    [],
  );
}

/** Buys with redis-cli through stunnel, which the lines `settings` set up. */
async function throughStunnel(
  shop: ToolShop,
  settings: string,
  args: readonly string[],
): Promise<void> {
  const port = String(await freePort());
  const configuration = shop.folder.file('stunnel.conf');
  const ways = `accept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${shop.port}`;
  writeFileSync(configuration, `foreground = yes\npid =\n[shop]\n${ways}\n${settings}\n`);
  await beside(['stunnel4', configuration], shop, async () => {
    let output = '';
    await until('stunnel', async () => {
      ({ output } = await shop.cli(['-p', port, ...args, ...BUY]));
      return output !== '';
    });
    expect(output.startsWith('order\ncli-1\n'), output);
  });
}

/** Makes a key and a certificate of its own for 127.0.0.1. */
async function makeCertificate(
  folder: TemporaryFolder,
): Promise<{ key: string; certificate: string }> {
  const [key, certificate] = [folder.file('key.pem'), folder.file('certificate.pem')];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  const made = await run(
    ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...name, ...files],
    { limitMs: LIMIT_MS },
  );
  if (made.code !== 0) throw new Error(`no certificate: ${made.errors}`);
  return { key, certificate };
}

/** Runs `command` while `use` is at work. */
async function beside(command: Command, shop: ToolShop, use: () => Promise<void>): Promise<void> {
  const end = new AbortController();
  const ended = run(command, { limitMs: LIMIT_MS, cwd: shop.folder.path, signal: end.signal });
  const early = ended.then(({ errors }) => {
    if (!end.signal.aborted) throw new Error(`${command[0]} ended: ${errors}`);
  });
  try {
    await Promise.race([use(), early]);
  } finally {
    end.abort();
    await ended;
  }
}

/** Waits until `isSo` is true; a rejection counts as not yet. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS / 2;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(50);
  }
}

async function talk(path: string, request: string): Promise<string> {
  const socket = connect(path);
  socket.end(request);
  let reply = '';
  for await (const chunk of socket) reply += chunk;
  return reply;
}

/** A port of 127.0.0.1 that is free: these tools want to be told one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
