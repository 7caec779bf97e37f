/**
 * Tries one client: its program (see the folders beside this file) takes the steps below against a real
 * server, and prints a line for each. Afterwards the shop's books must hold what the client says it bought.
 *
 * The lines: `version X`; `resp 3` where that depends on the version; `ok STEP REMARK`; `failed STEP TEXT`; `absent STEP TEXT` where the library has no
 * such thing; and `restart`, upon which the server is killed and started again, and a line is sent back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { endsWithUs } from '../support/ends-with-us.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { RawClient } from '../support/raw-client.ts';
import { serve } from '../support/serve-process.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { Client, Command } from './clients.ts';

/** The steps, and the units of UPC 1001 that each of them buys. */
export const STEPS = {
  /** With user and password. */
  connect: 0,
  inventory: 0,
  purchase: 2,
  /** The purchase again: not bought again. */
  replay: 0,
  /** Too many are asked for: the error is the library's own, with the code in it. */
  refusal: 0,
  /** 1,000 purchases, as the library pipelines. */
  pipeline: 1_000,
  /** Two purchases between MULTI and EXEC, by the library's own call. */
  transaction: 2,
  /** A transaction with a purchase and a request that makes no sense: it fails, and has bought nothing. */
  abort: 0,
  /** The server is killed and started again; the client goes on. */
  restart: 0,
  /** The connection is cut before the reply of a purchase arrives. */
  cut: 1,
  close: 0,
} as const;

export type Step = keyof typeof STEPS;

export interface StepReport {
  readonly outcome: 'ok' | 'failed' | 'absent';
  /** Of a failure: what happened. */
  readonly remark: string;
}

export interface ClientReport {
  readonly client: Client;
  readonly isMissing: boolean;
  readonly version: string;
  readonly resp: 2 | 3;
  readonly steps: Readonly<Partial<Record<Step, StepReport>>>;
  /** What went wrong beside the steps: the program did not build or did not end, or the books differ. */
  readonly faults: readonly string[];
}

export const CATALOG = [
  { upc: 1001, name: 'Käse', units: 100_000 },
  { upc: 1002, name: 'three of them', units: 3 },
];

/** Milliseconds for a program's steps, and for building one. */
const RUN_LIMIT_MS = 60_000;
const BUILD_LIMIT_MS = 180_000;

/** Tries `client` against a server of its own. Never rejects because of the client. */
export async function tryClient(client: Client): Promise<ClientReport> {
  const missing = {
    client,
    isMissing: true,
    version: '',
    resp: client.resp,
    steps: {},
    faults: [],
  };
  const found = await firstThatSucceeds(client.probes);
  if (found === null) return missing;
  using folder = new TemporaryFolder();
  let program = found.program;
  if (client.build) {
    program = folder.file('program');
    const { command, env } = client.build(program);
    const built = await run(command, { limitMs: BUILD_LIMIT_MS, env, cwd: folder.path });
    if (built.code !== 0) {
      return { ...missing, isMissing: false, faults: [`does not build: ${built.errors}`] };
    }
  }

  const files = { data: folder.file('shop.db'), catalog: folder.file('catalog.json') };
  writeFileSync(files.catalog, JSON.stringify(CATALOG));
  let server = await serve(files.data, '--catalog', files.catalog);
  const port = String(server.port);
  await using proxy = await TcpProxy.to(server.port);
  let isCut = false;
  proxy.fromTarget = (chunk) => {
    if (isCut || !chunk.includes('cut-1')) return 'pass';
    isCut = true;
    return 'cut';
  };

  const steps: Partial<Record<Step, StepReport>> = {};
  const faults: string[] = [];
  let { version } = found;
  let { resp } = client;
  const restart = async (child: ChildProcess) => {
    await server.stop('SIGKILL');
    server = await serve(files.data, '--catalog', files.catalog, '--port', port);
    child.stdin?.write('again\n');
  };
  try {
    const ended = await run([...client.run(program), port, String(proxy.port)] as Command, {
      limitMs: RUN_LIMIT_MS,
      onLine: (line, child) => {
        if (line === 'restart') restart(child).catch((error) => faults.push(String(error)));
        const [word, name = '', ...rest] = line.split(' ');
        if (word === 'version') version = name;
        if (word === 'resp') resp = name === '3' ? 3 : 2;
        if ((word === 'ok' || word === 'failed' || word === 'absent') && isStep(name)) {
          steps[name] = { outcome: word, remark: rest.join(' ').trim() };
        }
      },
    });
    if (ended.code !== 0) faults.push(`ended with ${ended.code}: ${ended.errors}`);
    for (const step of Object.keys(STEPS) as Step[]) {
      steps[step] ??= { outcome: 'failed', remark: 'the program did not say how it went' };
    }
    faults.push(...(await booksOf(server.port, steps)));
  } finally {
    await server[Symbol.asyncDispose]();
  }
  if (version === '') version = await debianVersion(client.from);
  return { client, isMissing: false, version, resp, steps, faults };
}

/** Whether all of `report`, of a client that is there, is well. */
export function isWell({ isMissing, steps, faults }: ClientReport): boolean {
  return (
    isMissing ||
    (faults.length === 0 && Object.values(steps).every(({ outcome }) => outcome !== 'failed'))
  );
}

function isStep(name: string): name is Step {
  return Object.hasOwn(STEPS, name);
}

/** What the shop's books say otherwise than the client did. */
async function booksOf(port: number, steps: Partial<Record<Step, StepReport>>): Promise<string[]> {
  let units = 0;
  for (const [step, bought] of Object.entries(STEPS)) {
    if (steps[step as Step]?.outcome === 'ok') units += bought;
  }
  await using auditor = await RawClient.connect(port);
  await auditor.ask('HELLO 3 AUTH alice wonderland');
  const [item, other] = await auditor.ask('INVENTORY 1001 1002');
  const sold = (CATALOG[0]?.units as number) - item.available;
  const faults: string[] = [];
  if (sold !== units) faults.push(`${sold} units were sold, the client says ${units}`);
  if (other.available !== 3) faults.push('what was refused was sold');
  const aborted = await auditor.ask('ORDER abort-1');
  if (aborted.code !== 'NOORDER') faults.push('a transaction that failed has bought');
  return faults;
}

async function firstThatSucceeds(
  probes: readonly Command[],
): Promise<{ program: string; version: string } | null> {
  for (const probe of probes) {
    const { code, output } = await run(probe, { limitMs: RUN_LIMIT_MS, input: '' });
    if (code === 0) return { program: probe[0], version: /^\d[\w.-]*$/m.exec(output)?.[0] ?? '' };
  }
  return null;
}

/** The version of a package of Debian, without the epoch and Debian's own part. */
export async function debianVersion(from: string): Promise<string> {
  const query: Command = ['dpkg-query', '-W', from.replace(/^Debian /, '')];
  const { output } = await run(query, { limitMs: RUN_LIMIT_MS });
  return /\t(?:\d+:)?(\S+?)(?:-[^-\n]*)?\n/.exec(output)?.[1] ?? '';
}

interface RunOptions {
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string;
  /** What it reads on stdin; without it, stdin stays open. */
  readonly input?: string;
  readonly onLine?: (line: string, child: ChildProcess) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

export interface Output {
  /** Null where the program could not be run, or was killed. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end, or to the limit. Never rejects. */
export async function run(
  [program, ...args]: Command,
  { limitMs, env = {}, cwd, input, onLine, signal }: RunOptions,
): Promise<Output> {
  const child = spawn(program, args, {
    env: {
      ...process.env,
      // Where Debian has HAProxy, and its own Python.
      PATH: `${process.env.PATH}:/usr/sbin:/usr/bin`,
      PYTHONDONTWRITEBYTECODE: '1',
      LC_ALL: 'C.UTF-8',
      ...env,
    },
    cwd,
    signal,
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  endsWithUs(child);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(0, 2_000);
  });
  child.stdin.on('error', () => undefined);
  if (input !== undefined) child.stdin.end(input);
  let output = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    onLine?.(line, child);
  });
  return await new Promise((resolve) => {
    // Without a pid there was never a process, and so no 'close'.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, output, errors: error.message });
    });
    child.on('close', (code, by) => {
      const how = by === null ? '' : `${basename(program)} was killed by ${by} `;
      resolve({ code, output, errors: `${how}${errors.trim()}` });
    });
  });
}
