/** What Prometheus reads. The figures are those of INFO; only the times of batches are kept here. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ItemList } from '../inventory/model.ts';
import type { InventoryServer } from '../server/server.ts';
import type { Figures } from '../verbs/verb.ts';
import type { BatchTimes } from './timed-store.ts';

/** A figure of INFO under its name for Prometheus. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly section: string;
  readonly figure: string;
}

/** What only rises while the server runs. */
const COUNTERS: readonly Metric[] = [
  metric('inv_purchases_total', 'Orders that were bought', 'Stats', 'purchases'),
  metric('inv_units_sold_total', 'Units in them', 'Stats', 'units_sold'),
  metric('inv_requests_total', 'Requests of clients', 'Stats', 'total_commands_processed'),
  metric('inv_logins_failed_total', 'Wrong passwords', 'Stats', 'acl_access_denied_auth'),
  metric('inv_connections_total', 'Connections', 'Stats', 'total_connections_received'),
  metric(
    'inv_connections_refused_total',
    'Connections for which there was no room',
    'Stats',
    'rejected_connections',
  ),
  metric('inv_batches_total', 'Transactions', 'Persistence', 'batches_settled'),
  metric(
    'inv_batches_failed_total',
    'Transactions that the store could not settle',
    'Persistence',
    'batches_failed',
  ),
];

const GAUGES: readonly Metric[] = [
  metric('inv_connections', 'Connections that are open', 'Clients', 'connected_clients'),
  metric('inv_connections_max', 'As many as there may be', 'Clients', 'maxclients'),
  metric('inv_unread_bytes', 'Kept for clients that do not read', 'Clients', 'unread_bytes'),
  metric('inv_store_available', '1 while the store answers', 'Persistence', 'store_available'),
  metric('inv_store_bytes', 'What the data takes on its disk', 'Persistence', 'store_bytes'),
  metric('inv_units_held', 'Units that live holds keep', 'Persistence', 'units_held'),
  metric('inv_uptime_seconds', 'Since the start of the server', 'Server', 'uptime_in_seconds'),
];

/** From the fastest disk to a database that has gone. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const REQUESTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 4_096];

/** Milliseconds between two looks at how late the event loop is: often enough, and not felt by anybody. */
const LOOP_PRECISION_MS = 100;

export class Metrics implements BatchTimes {
  readonly #registry = new Registry();
  readonly #commitSeconds = this.#histogram(
    'inv_commit_seconds',
    'From the beginning of a batch until it is on disk',
    SECONDS,
  );
  readonly #batchSeconds = this.#histogram(
    'inv_batch_seconds',
    'From the beginning of a batch until its replies have left',
    SECONDS,
  );
  readonly #batchRequests = this.#histogram('inv_batch_requests', 'Requests of a batch', REQUESTS);
  #figures: Figures = {};

  settled(seconds: number, requests: number): void {
    this.#commitSeconds.observe(seconds);
    this.#batchRequests.observe(requests);
  }

  replied(seconds: number): void {
    this.#batchSeconds.observe(seconds);
  }

  /** From now on the figures of `server` are told. */
  tellOf(server: InventoryServer): void {
    const registers = [this.#registry];
    const read = ({ section, figure }: Metric) => Number(this.#figures[section]?.[figure] ?? NaN);
    for (const one of COUNTERS) {
      new Counter({
        ...{ name: one.name, help: one.help, registers },
        collect() {
          this.reset();
          this.inc(read(one));
        },
      });
    }
    for (const one of GAUGES) {
      new Gauge({
        ...{ name: one.name, help: one.help, registers },
        collect() {
          this.set(read(one));
        },
      });
    }
    new Counter({
      ...{ name: 'inv_refusals_total', help: 'How often a rule said no', registers },
      labelNames: ['code'],
      collect() {
        this.reset();
        for (const [code, count] of server.counters.refusals) this.inc({ code }, count);
      },
    });
    new Gauge({
      ...{ name: 'inv_info', help: 'Which server this is of which shop', registers },
      labelNames: ['version', 'shop'],
      collect() {
        this.reset();
        this.set({ version: server.version, shop: server.identity.shop }, 1);
      },
    });
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: LOOP_PRECISION_MS,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of all metrics, with these figures of INFO. */
  text(figures: Figures): Promise<string> {
    this.#figures = figures;
    return this.#registry.metrics();
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.#registry] });
  }
}

/** `inv_available` of each item, in parts: 100,000 items are some megabytes, and hold nobody up. */
export function* availableMetric(items: ItemList): Generator<string> {
  yield '# HELP inv_available Units that can be bought now\n# TYPE inv_available gauge\n';
  for (let from = 0; from < items.length; from += LINES_IN_A_PART) {
    let part = '';
    for (const { upc, available } of items.slice(from, from + LINES_IN_A_PART)) {
      part += `inv_available{upc="${upc}"} ${available}\n`;
    }
    yield part;
  }
}

const LINES_IN_A_PART = 250;

function metric(name: string, help: string, section: string, figure: string): Metric {
  return { name, help, section, figure };
}
