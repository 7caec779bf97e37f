import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { bareHost, DEFAULT_PORT, nameOf } from '../client/address.ts';
import { CATALOG, type Item, parseCatalog } from '../inventory/catalog.ts';
import { type Store, StoreFailure, StoreRefused } from '../inventory/store.ts';
import { USERS } from '../inventory/users.ts';
import { logToStderr } from '../server/log.ts';
import { InventoryServer } from '../server/server.ts';
import { ignoreFaults, outputLeft } from '../server/standard-streams.ts';
import { OperatorFiles, UnreadableFile } from '../server/watched-files.ts';
import { wrongPlace } from '../stores/data-place.ts';
import {
  isPostgresAddress,
  showPostgresAddress,
} from '../stores/postgres/connection/postgres-url.ts';
import type { PostgresOptions } from '../stores/postgres/open.ts';

export default class Serve extends BaseCommand {
  static override summary = 'Run the inventory server';

  static override description =
    `Sells the items of the catalogue to all clients at once. Nothing is oversold, and what was
acknowledged is on disk. Stock, logins and orders are restored from the data file at start; the first
lines printed say whether it was there or is new.

Stop it with Ctrl-C or SIGTERM: it answers what has arrived, closes the data file and exits 0.
A second signal stops it at once; nothing that was acknowledged is lost then either.`;

  static override examples = [
    {
      description: 'Serve the built-in catalogue on 127.0.0.1, port 5050',
      command: '<%= config.bin %> <%= command.id %>',
    },
    {
      description: 'Take clients from other machines too',
      command: '<%= config.bin %> <%= command.id %> --host 0.0.0.0 --port 5050',
    },
    {
      description: 'Sell your own items, and keep the data in a file of your choice',
      command: '<%= config.bin %> <%= command.id %> --catalog items.json --data shop.db',
    },
    {
      description: 'Share a PostgreSQL database with other servers',
      command: '<%= config.bin %> <%= command.id %> --data postgres://inv@db.example/inv',
    },
  ];

  static override flags = {
    host: Flags.string({
      description: 'address to listen on; 0.0.0.0 or :: for all of this machine',
      default: '127.0.0.1',
      env: 'INV_HOST',
      parse: async (host) => bareHost(host),
    }),
    port: Flags.integer({
      description: 'port to listen on; 0 picks a free one',
      default: DEFAULT_PORT,
      env: 'INV_PORT',
      min: 0,
      max: 65_535,
    }),
    data: Flags.string({
      description:
        "data file, made when it does not exist (default: inventory.db in the user's data folder), or a PostgreSQL database, postgres://user@host/database, which any number of servers may share",
      helpValue: 'FILE|URL',
      env: 'INV_DATA',
    }),
    catalog: Flags.string({
      description:
        'items to sell instead of the built-in ones: JSON, [{"upc":1001,"name":"Pin","units":50}]',
      helpValue: 'FILE',
      env: 'INV_CATALOG',
    }),
    'require-order-id': Flags.boolean({
      description:
        'refuse a PURCHASE without an order id: a client library that sends it again by itself would buy twice',
      env: 'INV_REQUIRE_ORDER_ID',
    }),
    wait: Flags.integer({
      description: 'how many seconds to wait for a PostgreSQL database that is not there yet',
      helpValue: 'SECONDS',
      default: 60,
      env: 'INV_WAIT',
      min: 0,
      max: 86_400,
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    ignoreFaults(process.stdout, process.stderr);
    const files = new OperatorFiles(logToStderr);
    process.on('SIGHUP', () => files.readAgain());
    const wrong = flags.data === undefined ? null : wrongPlace(flags.data);
    if (wrong !== null) throw new CommandFailure(`--data: ${wrong}`, 'USAGE', ExitCode.usage);
    const catalog = flags.catalog === undefined ? CATALOG : await readCatalog(files, flags.catalog);
    const { store, data, kind, abandon } = isPostgresAddress(flags.data ?? '')
      ? await openDatabase(flags.data as string, catalog, {
          acknowledgedIn: join(this.config.dataDir, 'acknowledged'),
          waitMs: flags.wait * 1000,
        })
      : await openFile(flags.data, this.config.dataDir, catalog);
    const onFailure = (error: Error): never => {
      reportFailure(error, data);
      process.exit(ExitCode.fault);
    };
    const server = new InventoryServer({
      store,
      version: this.config.version,
      users: USERS,
      log: logToStderr,
      requireOrderId: flags['require-order-id'],
      onFailure,
    });
    const stopped = stopOnSignals(server, () => files.close());
    const port = await listen(server, flags.port, flags.host, abandon);
    const { items, logins } = store.restored;
    this.log(`inv ${this.config.version} listening on ${nameOf({ host: flags.host, port })}`);
    this.log(`data      ${data}`);
    this.log(
      store.isNew
        ? `new ${kind}, ${count(items, 'item')}`
        : `restored  ${count(items, 'item')}, ${count(logins, 'login')}`,
    );
    logToStderr('started', {
      host: flags.host,
      port,
      data,
      new: store.isNew,
      items,
      logins,
      pid: process.pid,
    });
    try {
      await stopped;
    } catch (error) {
      onFailure(error as Error);
    }
    // What nobody reads would keep the process; all that clients were promised is done.
    if (!(await outputLeft(OUTPUT_PATIENCE_MS, process.stdout, process.stderr))) {
      process.exit(ExitCode.done);
    }
  }
}

/** How long a stopped server waits for a reader of its last lines. */
const OUTPUT_PATIENCE_MS = 1_000;

async function readCatalog(files: OperatorFiles, path: string): Promise<Item[]> {
  const catalogue = files.add({
    what: 'catalogue',
    paths: [path],
    parse: ([bytes]) => parseCatalog(String(bytes)),
  });
  try {
    return await catalogue.read();
  } catch (error) {
    const { message } = error as Error;
    const sentence =
      error instanceof UnreadableFile
        ? `cannot read the catalogue ${message}`
        : `catalogue ${path}: ${message}`;
    throw new CommandFailure(sentence, 'USAGE', ExitCode.usage);
  }
}

/** Tells why the server stops: a line for programs in the log, and sentences for people. */
function reportFailure(error: Error, data: string): void {
  const { kind, message, affected, remedy } = error instanceof StoreFailure ? error : ours(error);
  logToStderr('store failed', { level: 'error', kind, error: message, affected, remedy, data });
  process.stderr.write(`inv: stopped: ${message}.\n${affected}.\n${remedy}.\n`);
  if (process.env.DEBUG) process.stderr.write(`${inspect(error)}\n`);
}

function ours({ message }: Error) {
  return {
    kind: 'internal error',
    message: `internal error: ${message}`,
    affected: 'Nothing that was acknowledged is affected; the last batch got no reply',
    remedy: 'Start the server again, and please report this',
  };
}

/** A store, and what people are told about where it is. */
interface Opened {
  readonly store: Store;
  readonly data: string;
  readonly kind: 'data file' | 'database';
  /** Lets the closing of the store remove what its opening has made. */
  abandon(): void;
}

/** `path`: as it was given; else inventory.db in the user's own folder, which is made with all its parents. */
async function openFile(
  path: string | undefined,
  userFolder: string,
  catalog: readonly Item[],
): Promise<Opened> {
  const data = resolve(path ?? join(userFolder, 'inventory.db'));
  const { openSqliteStore } = await import('../stores/sqlite/sqlite-store.ts');
  const store = await open(async () => {
    const opened = openSqliteStore(data, catalog, {
      withParents: path === undefined,
      report: logToStderr,
    });
    try {
      await opened.prepare();
    } catch (error) {
      opened.abandon();
      await opened.close();
      throw error;
    }
    return opened;
  });
  return { kind: 'data file', data, store, abandon: () => store.abandon() };
}

async function openDatabase(
  url: string,
  catalog: readonly Item[],
  options: PostgresOptions,
): Promise<Opened> {
  const { openPostgresStore } = await import('../stores/postgres/open.ts');
  const store = await open(() => openPostgresStore(url, catalog, logToStderr, options));
  return { kind: 'database', store, data: showPostgresAddress(url), abandon: () => undefined };
}

async function open<Kind extends Store>(opening: () => Promise<Kind>): Promise<Kind> {
  try {
    return await opening();
  } catch (error) {
    if (!(error instanceof StoreRefused)) throw error;
    throw new CommandFailure(error.message, 'DATA', ExitCode.fault);
  }
}

/** Why a server cannot listen, and what to do, by the system's code. */
const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something is already listening there; stop it, or choose another --port',
  EADDRNOTAVAIL: 'that is not an address of this machine; choose another --host',
  ENOTFOUND: 'there is no such host; choose another --host',
  EAI_AGAIN: 'the name of the host cannot be looked up now; give its address with --host',
  EACCES: 'this user may not use that port; choose another --port, from 1024 on',
  EAFNOSUPPORT: 'this machine has no such kind of address; choose another --host',
};

async function listen(
  server: InventoryServer,
  port: number,
  host: string,
  abandon: () => void,
): Promise<number> {
  try {
    return await server.listen(port, host);
  } catch (error) {
    abandon();
    await server.stop();
    const { code, message } = error as NodeJS.ErrnoException;
    const why = LISTEN_ERRORS[code ?? ''] ?? message;
    throw new CommandFailure(
      `cannot listen on ${nameOf({ host, port })}: ${why}`,
      'LISTEN',
      ExitCode.fault,
    );
  }
}

/** Ctrl-C under `npm start` comes twice, from the terminal and from npm: within this time it is one. */
const SAME_SIGNAL_MS = 500;

/** Resolves when a signal has stopped the server; the second signal ends the process at once. */
function stopOnSignals(server: InventoryServer, onStop: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let stoppingSince: number | null = null;
    const stop = (signal: NodeJS.Signals) => {
      if (stoppingSince !== null) {
        if (performance.now() - stoppingSince >= SAME_SIGNAL_MS) process.exit(ExitCode.fault);
        return;
      }
      stoppingSince = performance.now();
      logToStderr('stopping', { signal });
      onStop();
      server.stop().then(() => {
        logToStderr('stopped');
        resolve();
      }, reject);
    };
    // SIGQUIT too: its own way would write the memory, with all logins in it, to a core file.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, stop);
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
