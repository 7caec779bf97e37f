/** A plain UPDATE again and again, over each node and over the balancer: what a program without inv would see. */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { GapMeter } from './gap-meter.ts';
import { type Layout, SUPERUSER } from './layout.ts';

const PAUSE_MS = 100;
/** A session that has not answered by then is given up. */
const PATIENCE_MS = 1_500;
/** What was given up may hold its row locked for a while: another one is taken then. */
const ROWS = 10_000;

export const PROBE_TABLE = `CREATE TABLE probe (id int PRIMARY KEY, times int NOT NULL);
  INSERT INTO probe SELECT id, 0 FROM generate_series(1, ${ROWS}) AS id`;

export class SqlProbe {
  /** All nodes at once, each by itself: the one that takes writes counts. */
  readonly hosts = new GapMeter('SQL, all hosts');
  readonly balancer = new GapMeter('SQL, one address');
  #stopped = false;
  readonly #loops: Promise<void>[];

  constructor(layout: Layout) {
    this.#loops = layout.nodes.map(({ postgresPort }) => this.#run(postgresPort, this.hosts));
    this.#loops.push(this.#run(layout.balancer.postgres, this.balancer));
  }

  reset(): void {
    this.hosts.reset();
    this.balancer.reset();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #run(port: number, meter: GapMeter): Promise<void> {
    let sql: postgres.Sql | null = null;
    while (!this.#stopped) {
      try {
        sql ??= connect(port);
        await inTime(sql`UPDATE probe SET times = times + 1 WHERE id = ${anyRow()}`);
        meter.succeeded();
      } catch {
        void sql?.end({ timeout: 0 }).catch(() => undefined);
        sql = null;
      }
      await pause(PAUSE_MS);
    }
    await sql?.end({ timeout: 0 }).catch(() => undefined);
  }
}

function connect(port: number): postgres.Sql {
  return postgres({
    host: '127.0.0.1',
    port,
    user: SUPERUSER.username,
    password: SUPERUSER.password,
    database: 'postgres',
    max: 1,
    connect_timeout: 1,
    fetch_types: false,
    connection: { application_name: 'probe', client_connection_check_interval: 500 },
    onnotice: () => undefined,
  });
}

async function inTime(promise: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error('no answer in time');
  });
  late.catch(() => undefined);
  promise.catch(() => undefined);
  try {
    await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

function anyRow(): number {
  return 1 + Math.floor(Math.random() * ROWS);
}
