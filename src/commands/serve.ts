import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { bareHost, DEFAULT_PORT, nameOf } from '../client/address.ts';
import type { Site } from '../http/site.ts';
import { CATALOG, type Item } from '../inventory/catalog.ts';
import { readUsers } from '../inventory/read-users.ts';
import { StoreRefused } from '../inventory/store.ts';
import { USERS, type User } from '../inventory/users.ts';
import { NamedError } from '../named-error.ts';
import { HOLD_FLAGS } from '../operator/hold-flags.ts';
import { type ListenOptions, type OpenListener, whyNotListening } from '../server/listener.ts';
import { LEVELS, logToStderr, stderrLog } from '../server/log.ts';
import { whyTooFewFiles } from '../server/open-files.ts';
import { warnOfPublicPasswords } from '../server/public-passwords.ts';
import { InventoryServer } from '../server/server.ts';
import { ignoreFaults, outputLeft } from '../server/standard-streams.ts';
import { stopOnSignals } from '../server/stop-signals.ts';
import type { TlsPort } from '../server/tls-files.ts';
import { OperatorFiles, type WatchedFiles } from '../server/watched-files.ts';
import { tellWhyStopped } from '../server/why-stopped.ts';
import { wrongPlace } from '../stores/data-place.ts';
import { openStore } from '../stores/open-store.ts';

export default class Serve extends BaseCommand {
  static override summary = 'Run the inventory server';

  static override description = [
    'Sells the items of the catalogue to all clients at once. Nothing is oversold, and ' +
      'what was acknowledged is on disk. Stock, logins and orders are restored from the ' +
      'data file at start; the first lines printed say whether it was there or is new.',
    'Stop it with Ctrl-C or SIGTERM: it answers what has arrived, closes the data file ' +
      'and exits 0. A second signal stops it at once; nothing that was acknowledged is lost ' +
      'then either.',
  ].join('\n\n');

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
        'items to sell instead of the built-in ones: JSON, [{"upc":1001,"name":"Pin","units":50}], or CSV with the header upc,name,units[,limit][,returns]; read again when it changes',
      helpValue: 'FILE',
      env: 'INV_CATALOG',
    }),
    users: Flags.string({
      description:
        'who may log in instead of the demonstration accounts, as inv serve users makes it; read again when it changes',
      helpValue: 'FILE',
      env: 'INV_USERS',
    }),
    'require-order-id': Flags.boolean({
      description:
        'refuse a PURCHASE, HOLD or RETURN without an order id: a client library that sends it again by itself would do it twice',
      env: 'INV_REQUIRE_ORDER_ID',
    }),
    ...HOLD_FLAGS,
    'tls-cert': Flags.string({
      description:
        'speak TLS, and nothing else, with this certificate (PEM, with those between it and the authority); read again when it changes',
      helpValue: 'FILE',
      env: 'INV_TLS_CERT',
    }),
    'tls-key': Flags.string({
      description: 'its private key (PEM)',
      helpValue: 'FILE',
      env: 'INV_TLS_KEY',
    }),
    http: Flags.string({
      description:
        'tell over HTTP how the sale goes: a page at /, /metrics, /healthz and /readyz; without a host for this machine only',
      helpValue: '[HOST:]PORT',
      env: 'INV_HTTP',
    }),
    wait: Flags.integer({
      description: 'how many seconds to wait for a PostgreSQL database that is not there yet',
      helpValue: 'SECONDS',
      default: 60,
      env: 'INV_WAIT',
      min: 0,
      max: 86_400,
    }),
    'log-level': Flags.option({
      description: 'the least urgent lines of the log (stderr) that are written',
      default: 'info' as const,
      env: 'INV_LOG_LEVEL',
      options: LEVELS,
    })(),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    ignoreFaults(process.stdout, process.stderr);
    stderrLog.leastLevel = flags['log-level'];
    const tooFew = whyTooFewFiles();
    if (tooFew !== null) throw new CommandFailure(tooFew, 'DATA', ExitCode.fault);
    const files = new OperatorFiles(logToStderr);
    process.on('SIGHUP', () => files.readAgain());
    const wrong = flags.data === undefined ? null : wrongPlace(flags.data);
    if (wrong !== null) throw new CommandFailure(`--data: ${wrong}`, 'USAGE', ExitCode.usage);
    const ownItems = flags.catalog === undefined ? null : await catalogIn(files, flags.catalog);
    const catalog = ownItems === null ? CATALOG : await unlessFaulty(ownItems.read());
    const ownUsers = flags.users === undefined ? null : usersIn(files, flags.users);
    const users = ownUsers === null ? USERS : await unlessFaulty(ownUsers.read());
    const tls = await tlsPort(files, flags['tls-cert'], flags['tls-key']);
    const site = flags.http === undefined ? null : await openSite(flags.http, tls?.openListener);
    const place = {
      data: flags.data,
      userFolder: this.config.dataDir,
      waitMs: flags.wait * 1000,
    };
    const { store, data, kind, ready, abandon } = await unlessRefused(
      openStore(place, catalog, logToStderr),
    );
    const onFailure = (error: Error): never => {
      tellWhyStopped(error, data, logToStderr);
      process.exit(ExitCode.fault);
    };
    const server = new InventoryServer({
      store: site?.timed(store) ?? store,
      version: this.config.version,
      users,
      log: logToStderr,
      requireOrderId: flags['require-order-id'],
      holdBounds: {
        maxSeconds: flags['max-hold'],
        maxHolds: flags['max-holds'],
      },
      onFailure,
      openListener: tls?.openListener,
      reservedFiles: site?.reservedFiles,
    });
    const stopped = stopOnSignals(server, {
      log: logToStderr,
      onStop: () => files.close(),
      stopOthers: async () => site?.stop(),
      onSecond: () => process.exit(ExitCode.fault),
    });
    const giveUp = async (): Promise<void> => {
      abandon();
      await server.stop();
    };
    const at = nameOf({ host: flags.host, port: flags.port });
    const port = await listen(server.listen(flags.port, flags.host), at, SERVE_OPTIONS, giveUp);
    await unlessRefused(ready, giveUp);
    site?.catalogChanged(catalog);
    const http = await (site && listen(site.serve(server), flags.http ?? '', HTTP_OPTIONS, giveUp));
    const { items, logins } = store.restored;
    this.log(`inv ${this.config.version} listening on ${nameOf({ host: flags.host, port })}`);
    if (tls !== null) this.log(`TLS       ${tls.certificate}`);
    const page = http && `${tls === null ? 'http' : 'https'}://${nameOf(http)}/`;
    if (page !== null) this.log(`page      ${page}`);
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
      page,
    });
    ownItems?.watch(async (list) => {
      await server.changeCatalog(list);
      site?.catalogChanged(list);
    });
    ownUsers?.watch((list) => server.replaceUsers(list));
    if (ownUsers === null) warnOfPublicPasswords([server.address, http?.host], logToStderr);
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

async function catalogIn(
  files: OperatorFiles,
  path: string,
): Promise<WatchedFiles<readonly Item[]>> {
  const { readCatalog } = await import('../inventory/catalog-file/read-catalog.ts');
  const parse = ([bytes]: readonly Buffer[]) => readCatalog(path, bytes as Buffer);
  return files.add({ what: 'catalogue', paths: [path], parse });
}

function usersIn(files: OperatorFiles, path: string): WatchedFiles<readonly User[]> {
  const parse = ([bytes]: readonly Buffer[]): readonly User[] => readUsers(path, bytes as Buffer);
  return files.add({ what: 'users', paths: [path], parse });
}

/** Null when neither file is named: plain TCP. */
async function tlsPort(files: OperatorFiles, cert?: string, key?: string): Promise<TlsPort | null> {
  if (cert === undefined && key === undefined) return null;
  const { readTlsFiles } = await import('../server/tls-files.ts');
  return unlessFaulty(readTlsFiles(files, { cert, key }, logToStderr), 'cannot speak TLS: ');
}

/** What was read from an operator's files. What is wrong with them is said in a sentence, behind `head`. */
async function unlessFaulty<Content>(reading: Promise<Content>, head = ''): Promise<Content> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof NamedError)) throw error;
    throw new CommandFailure(`${head}${error.message}`, 'USAGE', ExitCode.usage);
  }
}

/** What a store resolved with. When it cannot be used, `giveUp` is called, and the reason is told. */
async function unlessRefused<Result>(
  opening: Promise<Result>,
  giveUp: () => Promise<void> = async () => undefined,
): Promise<Result> {
  try {
    return await opening;
  } catch (error) {
    await giveUp();
    if (!(error instanceof StoreRefused)) throw error;
    throw new CommandFailure(error.message, 'DATA', ExitCode.fault);
  }
}

/** The options that say where a server listens. */
const SERVE_OPTIONS: ListenOptions = { host: '--host', port: '--port' };
const HTTP_OPTIONS: ListenOptions = { host: '--http', port: '--http' };

/** What `listening` resolves with. When it cannot be, `giveUp` is called, and the reason is told. */
async function listen<Result>(
  listening: Promise<Result>,
  at: string,
  options: ListenOptions,
  giveUp: () => Promise<void>,
): Promise<Result> {
  try {
    return await listening;
  } catch (error) {
    await giveUp();
    const why = whyNotListening(error as Error, options);
    throw new CommandFailure(`cannot listen on ${at}: ${why}`, 'LISTEN', ExitCode.fault);
  }
}

/** Loads what is only needed with --http. */
async function openSite(http: string, openListener?: OpenListener): Promise<Site> {
  const { Site } = await import('../http/site.ts');
  return await unlessFaulty(Site.open(http, { openListener, log: logToStderr }));
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
