/** Finds the host that can be used among those of an address, and says of each other why it cannot. */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreRefused } from '../../../inventory/store.ts';
import { HistoryLost } from '../history.ts';
import { type DatabaseConnection, DatabaseConnectionLost } from './database-connection.ts';
import { type PostgresAddress, type PostgresHost, showHostAndPort } from './postgres-url.ts';
import { NotWritable, openConnection } from './session-setup.ts';
import { isPassing, reasonFor } from './sqlstates.ts';

/** There is no database to use at the moment; later there may be one. */
export class NoDatabaseYet extends StoreRefused {}

/** How soon the other hosts are tried again while the one that was lost says nothing. */
const AGAIN_MS = 250;

/**
 * Opens a connection to the first host for which `makeReady` succeeds. The one that was lost comes last: its machine may
 * stand still, take the connection and say nothing for seconds, and the others are tried again meanwhile. Throws
 * NoDatabaseYet when time may help, HistoryLost when a host lost what was acknowledged, and otherwise StoreRefused.
 */
export async function openAnyHost(
  address: PostgresAddress,
  makeReady: (connection: DatabaseConnection) => Promise<void>,
  lost?: PostgresHost,
): Promise<DatabaseConnection> {
  const failures = new Map<PostgresHost, unknown>();
  const use = async (host: PostgresHost, opening: Promise<DatabaseConnection>) => {
    let connection: DatabaseConnection | undefined;
    try {
      connection = await opening;
      await makeReady(connection);
      return connection;
    } catch (error) {
      connection?.abort('it is of no use');
      const isSilent = error instanceof DatabaseConnectionLost && connection?.hasStandbys;
      failures.set(host, isSilent ? unconfirmed(error) : error);
      return null;
    }
  };
  const opening = lost === undefined ? undefined : openConnection(address, lost);
  const isThere = opening?.then(
    () => true,
    () => true,
  );
  for (;;) {
    for (const host of othersThan(lost, address)) {
      const connection = await use(host, openConnection(address, host));
      if (connection === null) continue;
      opening?.then((late) => late.abort('another host is used')).catch(() => undefined);
      return connection;
    }
    if (lost === undefined || opening === undefined) break;
    if (!(await Promise.race([isThere, pause(AGAIN_MS, false)]))) continue;
    const connection = await use(lost, opening);
    if (connection !== null) return connection;
    break;
  }
  throw refusalOf(address, failures);
}

/** Why none can be used, each host with its own reason. */
function refusalOf(
  address: PostgresAddress,
  failures: ReadonlyMap<PostgresHost, unknown>,
): StoreRefused {
  const reasons = address.hosts.map((host) => {
    const reason = reasonFor(failures.get(host), address);
    return failures.size === 1 ? reason : `${showHostAndPort(host)}: ${reason}`;
  });
  const errors = [...failures.values()];
  const cause = errors.find((error) => error instanceof HistoryLost) ?? errors.at(-1);
  const sentence = `cannot use ${address.shown}: ${reasons.join('; ')}`;
  if (cause instanceof HistoryLost) return new HistoryLost(sentence, { cause });
  if (errors.every(mayPass)) return new NoDatabaseYet(sentence, { cause });
  return new StoreRefused(sentence, { cause });
}

/** Returns another host that takes writes, and whose commits a standby could confirm; null when there is none. */
export async function findOtherPrimary(
  address: PostgresAddress,
  silent: PostgresHost,
): Promise<PostgresHost | null> {
  const looks = othersThan(silent, address).map(async (host) => {
    const connection = await openConnection(address, host);
    await connection.close();
    return host;
  });
  return await Promise.any(looks).catch(() => null);
}

function othersThan(host: PostgresHost | undefined, { hosts }: PostgresAddress): PostgresHost[] {
  return hosts.filter((one) => one !== host);
}

/** It answers, but not to a commit. */
function unconfirmed({ message, since }: DatabaseConnectionLost): DatabaseConnectionLost {
  const why = `it confirms no commit; no synchronous standby answers, it seems (${message})`;
  return new DatabaseConnectionLost(why, since);
}

/** Whether another try may succeed without anybody changing a setting. */
function mayPass(error: unknown): boolean {
  if (error instanceof NotWritable || error instanceof DatabaseConnectionLost) return true;
  return isPassing((error as { code?: string }).code);
}
