/** Finds the host that can be used among those of an address, and says of each other why it cannot. */
import { StoreRefused } from '../../../inventory/store.ts';
import { HistoryLost } from '../history.ts';
import { type DatabaseConnection, DatabaseConnectionLost } from './database-connection.ts';
import { type PostgresAddress, type PostgresHost, showHostAndPort } from './postgres-url.ts';
import { NotWritable, openConnection } from './session-setup.ts';
import { isPassing, reasonFor } from './sqlstates.ts';

/** There is no database to use at the moment; later there may be one. */
export class NoDatabaseYet extends StoreRefused {}

/**
 * Opens a connection to the first host for which `makeReady` succeeds; the one that was lost is tried last: where its
 * machine stands still, each try costs seconds. Throws NoDatabaseYet when time
 * may help, HistoryLost when a host lost what was acknowledged, and otherwise StoreRefused.
 */
export async function openAnyHost(
  address: PostgresAddress,
  makeReady: (connection: DatabaseConnection) => Promise<void>,
  lost?: PostgresHost,
): Promise<DatabaseConnection> {
  const failures: { host: PostgresHost; error: unknown }[] = [];
  for (const host of [...othersThan(lost, address), ...(lost === undefined ? [] : [lost])]) {
    let connection: DatabaseConnection | undefined;
    try {
      connection = await openConnection(address, host);
      await makeReady(connection);
      return connection;
    } catch (error) {
      connection?.abort('it is of no use');
      const isSilent = error instanceof DatabaseConnectionLost && connection?.hasStandbys;
      failures.push({ host, error: isSilent ? unconfirmed(error) : error });
    }
  }
  const reasons = failures.map(({ host, error }) => {
    const reason = reasonFor(error, address.database);
    return failures.length === 1 ? reason : `${showHostAndPort(host)}: ${reason}`;
  });
  const errors = failures.map(({ error }) => error);
  const cause = errors.find((error) => error instanceof HistoryLost) ?? errors.at(-1);
  const sentence = `cannot use ${address.shown}: ${reasons.join('; ')}`;
  if (cause instanceof HistoryLost) throw new HistoryLost(sentence, { cause });
  if (errors.every(mayPass)) throw new NoDatabaseYet(sentence, { cause });
  throw new StoreRefused(sentence, { cause });
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
