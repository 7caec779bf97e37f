import type { StoreMeasures } from '../inventory/store.ts';
import type { Figures } from '../verbs/verb.ts';
import type { GroupCommit } from './group-commit.ts';
import { memoryAndProcessor } from './process-figures.ts';
import type { Readiness } from './readiness.ts';
import type { SaleCounters } from './sale-counters.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What is known of a server. All counts are from its start. */
export interface ServerFigures {
  readonly version: string;
  readonly port: number;
  /** By performance.now. */
  readonly startedAt: number;
  readonly connections: number;
  readonly maxConnections: number;
  /** Connections that came, and those of them for which there was no room. */
  readonly accepted: number;
  readonly rejected: number;
  readonly requests: number;
  readonly unreadBytes: number;
  readonly measures: StoreMeasures;
  readonly wrongPasswords: number;
  readonly counters: SaleCounters;
  readonly subscriptions: Subscriptions;
  readonly commit: GroupCommit;
  readonly readiness: Readiness;
}

const SECONDS_OF_A_DAY = 86_400;

/** What INFO and /metrics tell, by the names of Redis where it has the same figure. */
export function infoFigures(server: ServerFigures): Figures {
  const { counters, commit, readiness } = server;
  const seconds = Math.floor((performance.now() - server.startedAt) / 1000);
  return {
    Server: {
      inv_version: server.version,
      redis_mode: 'standalone',
      process_id: process.pid,
      tcp_port: server.port,
      uptime_in_seconds: seconds,
      uptime_in_days: Math.floor(seconds / SECONDS_OF_A_DAY),
    },
    Clients: {
      connected_clients: server.connections,
      maxclients: server.maxConnections,
      blocked_clients: 0,
      pubsub_clients: server.subscriptions.subscribers,
      unread_bytes: server.unreadBytes,
    },
    ...memoryAndProcessor(),
    Persistence: {
      loading: 0,
      ...readiness.figures(),
      store_bytes: server.measures.bytes ?? 'unknown',
      units_held: server.measures.unitsHeld ?? 'unknown',
      batches_settled: commit.batches,
      batches_failed: commit.failedBatches,
    },
    Stats: {
      total_connections_received: server.accepted,
      total_commands_processed: server.requests,
      rejected_connections: server.rejected,
      pubsub_channels: server.subscriptions.channels,
      acl_access_denied_auth: server.wrongPasswords,
      purchases: counters.purchases,
      units_sold: counters.units,
    },
    Errorstats: errorStats(counters.refusals),
    Replication: { role: 'master', connected_slaves: 0 },
    Cluster: { cluster_enabled: 0 },
  };
}

/** As Redis tells them. */
function errorStats(refusals: ReadonlyMap<string, number>): Figures[string] {
  const stats = [...refusals].map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
  return Object.fromEntries(stats);
}
