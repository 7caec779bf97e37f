// Makes V8's compiled code of what the bundle runs at the start of a server and of a buyer's commands: each of
// these is run once, and V8 is asked for the code of all functions that were called. What V8 makes of the text
// alone has next to no function in it, as it compiles each of them only when it is called.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLIENT_CACHE, SERVER_CACHE } from './assets.js';

/** Returns the paths of the files, in the empty folder `scratch`, by their names as assets. `text` is the file of the bundle. */
export async function codeCaches(text, scratch) {
  await mkdir(scratch);
  const start = (cache, ...args) => record(text, join(scratch, cache), scratch, args);

  const data = join(scratch, 'inventory.db');
  const server = start(SERVER_CACHE, 'serve', '--port', '0', '--data', data);
  try {
    const port = await portOf(server);
    for (const { args, input } of COMMANDS) {
      const client = start(CLIENT_CACHE, 'shop', ...args, '--port', port);
      client.child.stdin.end(input);
      client.child.stdout.resume();
      await hasEnded(client, args.join(' '));
    }
    server.child.kill('SIGTERM');
    await hasEnded(server, 'serve');
  } finally {
    server.child.kill('SIGKILL');
  }

  const paths = [SERVER_CACHE, CLIENT_CACHE].map((name) => [name, join(scratch, name)]);
  // Windows ends a process without asking it: there is none of its server then.
  return Object.fromEntries(paths.filter(([, path]) => existsSync(path)));
}

const COMMANDS = [
  { args: ['login', '--user', 'alice', '--password-stdin'], input: 'wonderland\n' },
  { args: ['inventory'] },
  { args: ['purchase', '--upc', '1001', '--qty', '1'] },
];

/** Runs the bundle with the arguments `args`, and with a home in `scratch`. */
function record(text, cache, scratch, args) {
  const home = { HOME: scratch, USERPROFILE: scratch, APPDATA: scratch, LOCALAPPDATA: scratch };
  const command = [join(import.meta.dirname, 'record-code.js'), text, cache, ...args];
  const child = spawn(process.execPath, command, { env: { PATH: process.env.PATH, ...home } });
  const run = { child, said: '', ended: once(child, 'close') };
  child.stderr.setEncoding('utf8').on('data', (text) => {
    run.said += text;
  });
  return run;
}

async function portOf(server) {
  const { child } = server;
  for await (const line of createInterface({ input: child.stdout })) {
    const port = / listening on \S+:(\d+)$/.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return port;
    }
  }
  throw new Error(`the bundle does not serve: ${server.said}`);
}

async function hasEnded(run, what) {
  await run.ended;
  const { exitCode, signalCode } = run.child;
  const isStopped = process.platform === 'win32' && signalCode === 'SIGTERM';
  if (exitCode !== 0 && !isStopped) {
    throw new Error(`the bundle's \`${what}\` ended with ${exitCode ?? signalCode}: ${run.said}`);
  }
}
