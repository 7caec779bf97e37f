import { expect, onTestFinished, test, vi } from 'vitest';
import { StoreUnavailable } from '../../../../src/inventory/store.ts';
import {
  AWAY_TIMEOUT_MS,
  Connector,
} from '../../../../src/stores/postgres/connection/connector.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
} from '../../../../src/stores/postgres/connection/database-connection.ts';

/** A connector whose connection was lost so long ago, and which finds no other. */
function lost(milliseconds: number): Connector {
  const connector = new Connector({ open: () => new Promise(() => undefined) }, () => undefined);
  let lose: (error: DatabaseConnectionLost) => void = () => undefined;
  const onLost = (listener: typeof lose): void => {
    lose = listener;
  };
  connector.use({ host: { name: 'here' }, onLost } as unknown as DatabaseConnection);
  lose(new DatabaseConnectionLost('it was closed', performance.now() - milliseconds));
  return connector;
}

test.for([
  ['set back', -3_600_000],
  ['set forward', 3_600_000],
] as const)(
  'a request waits for the database as long as ever when the clock was %s',
  async ([, by]) => {
    const connector = lost(AWAY_TIMEOUT_MS - 50);
    onTestFinished(() => connector.close(async () => undefined));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + by });
    onTestFinished(() => void vi.useRealTimers());
    const start = performance.now();
    const { deadline } = connector;
    expect(deadline - start).toBeGreaterThan(0);
    await expect(connector.connection(deadline)).rejects.toThrow(StoreUnavailable);
    expect(performance.now()).toBeGreaterThanOrEqual(Math.floor(deadline));
  },
);
