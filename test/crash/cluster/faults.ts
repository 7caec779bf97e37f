/** What happens to a cluster: each fault ends with everything started again, and the cluster may still be mending itself. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Daemon } from './daemon.ts';
import type { ClusterSettings, PatroniCluster } from './patroni-cluster.ts';
import type { Part, PatroniNode } from './patroni-node.ts';
import type { ShopServers } from './shop-servers.ts';

/** What a fault can meet. */
export interface FaultTargets {
  readonly cluster: PatroniCluster;
  readonly etcd: Daemon;
  readonly balancer: Daemon;
  readonly servers: ShopServers;
  /** Resolves when clients have bought again since the fault; in vain within the time: without a word. */
  soldAgain(limitMs: number): Promise<void>;
}

export interface Fault {
  readonly what: string;
  /** Of a server of inv only its own clients notice something, and the plain SQL nothing. */
  readonly meets: 'database' | 'balancer' | 'inv';
  readonly settings: ClusterSettings;
  run(targets: FaultTargets): Promise<void>;
}

/** `ttl` in docs/high-availability/patroni.yml. */
const LEASE_MS = 20_000;
/** How long the others may take to notice the end of a lease, and one of them to become the primary. */
const REPLACED_MS = LEASE_MS + 25_000;
/** How long a new primary may take to sell before the old one is back. */
const ASIDE_MS = 8_000;
/** How long it sells then. */
const SELLING_MS = 1_500;
const FIRST = 0;
const SECOND = 1;

const SAFE: ClusterSettings = { synchronous_mode_strict: true, failsafe_mode: true };
const LENIENT: ClusterSettings = { synchronous_mode_strict: false, failsafe_mode: true };
const WITHOUT_FAILSAFE: ClusterSettings = { synchronous_mode_strict: true, failsafe_mode: false };

type Run = Fault['run'];

function killed(part: Part): Run {
  return async ({ cluster, soldAgain }) => {
    const primary = await cluster.primary();
    await primary.kill(part);
    // Patroni, if it is there, starts PostgreSQL again by itself, and needs no other primary.
    if (part === 'postmaster' || part === 'postgres') return;
    await cluster.untilReplaced(primary, REPLACED_MS);
    await soldAgain(ASIDE_MS);
    await pause(SELLING_MS);
    primary.start();
  };
}

/** The lease of the primary ends while it stands still; then it goes on where it stopped. */
function frozenBeyondLease(part: Part): Run {
  return async ({ cluster, soldAgain }) => {
    const primary = await cluster.primary();
    primary.freeze(part);
    await cluster.untilReplaced(primary, REPLACED_MS);
    await soldAgain(ASIDE_MS);
    await pause(SELLING_MS);
    primary.thaw();
  };
}

function frozenFor(part: Part, ms: number): Run {
  return async ({ cluster }) => {
    const primary = await cluster.primary();
    primary.freeze(part);
    await pause(ms);
    primary.thaw();
  };
}

type Standbys = Awaited<ReturnType<PatroniCluster['standbys']>>;

function standbysGone(
  which: (standbys: Standbys) => PatroniNode[],
  how: 'kill' | 'freeze',
  ms: number,
): Run {
  return async ({ cluster }) => {
    const nodes = which(await cluster.standbys());
    for (const node of nodes) {
      if (how === 'kill') await node.kill('node');
      else node.freeze('node');
    }
    await pause(ms);
    for (const node of nodes) {
      if (how === 'kill') node.start();
      else node.thaw();
    }
  };
}

function daemonGone(which: 'etcd' | 'balancer', how: 'kill' | 'freeze', ms: number): Run {
  return async (targets) => {
    const daemon = targets[which];
    if (how === 'kill') await daemon.kill();
    else daemon.signal('SIGSTOP');
    await pause(ms);
    if (how === 'kill') daemon.start();
    else daemon.signal('SIGCONT');
  };
}

function serverFrozen(index: number): Run {
  return async ({ servers }) => {
    servers.signal(index, 'SIGSTOP');
    await pause(10_000);
    servers.signal(index, 'SIGCONT');
  };
}

function serversKilled(...indexes: number[]): Run {
  return async ({ servers }) => {
    await Promise.all(indexes.map((index) => servers.kill(index)));
    await pause(1_000);
    await Promise.all(indexes.map((index) => servers.start(index)));
  };
}

/** Servers that start while there is no primary wait for one. */
const primaryAndServersKilled: Run = async ({ cluster, servers }) => {
  const primary = await cluster.primary();
  await Promise.all([primary.kill('node'), servers.kill(FIRST), servers.kill(SECOND)]);
  await Promise.all([servers.start(FIRST), servers.start(SECOND)]);
  primary.start();
};

const switchover: Run = async ({ cluster }) => {
  const primary = await cluster.primary();
  await cluster.ask('POST', '/switchover', { leader: primary.place.name }, primary);
};

const restartOfPrimary: Run = async ({ cluster }) => {
  await cluster.ask('POST', '/restart', {}, await cluster.primary());
};

const standbyMadeAnew: Run = async ({ cluster }) => {
  const { synchronous } = await cluster.standbys();
  await cluster.ask('POST', '/reinitialize', { force: true }, synchronous);
};

const etcdAwayAndStandbyKilled: Run = async ({ cluster, etcd }) => {
  const { other } = await cluster.standbys();
  await etcd.kill();
  await pause(5_000);
  await other.kill('node');
  await pause(LEASE_MS);
  etcd.start();
  other.start();
};

const sessionsEnded: Run = async ({ cluster }) => {
  await cluster.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'inv'",
  );
};

const rollingRestartOfServers: Run = async ({ servers }) => {
  for (let index = 0; index < servers.count; index++) {
    await servers.stop(index);
    await servers.start(index);
  }
};

const rollingRestartOfDatabase: Run = async (targets) => {
  const { cluster } = targets;
  const primary = await cluster.primary();
  for (const node of cluster.nodes) {
    if (node === primary) continue;
    await cluster.ask('POST', '/restart', {}, node);
    await cluster.untilWhole();
  }
  await switchover(targets);
  await cluster.untilWhole();
  await cluster.ask('POST', '/restart', {}, primary);
};

const BOTH = ({ synchronous, other }: Standbys) => [synchronous, other];
const IN_STEP = ({ synchronous }: Standbys) => [synchronous];
const OTHER = ({ other }: Standbys) => [other];
const ETCD_AWAY_MS = LEASE_MS + 6_000;
const STANDBY_AWAY_MS = LEASE_MS + 4_000;

export const FAULTS: readonly Fault[] = [
  ...of('database', SAFE, {
    'postmaster of the primary killed': killed('postmaster'),
    'PostgreSQL of the primary killed': killed('postgres'),
    'Patroni of the primary killed': killed('agent'),
    'the node of the primary killed': killed('node'),
    'postmaster of the primary frozen for 8 s': frozenFor('postmaster', 8_000),
    'PostgreSQL of the primary frozen beyond the lease': frozenBeyondLease('postgres'),
    'Patroni of the primary frozen beyond the lease': frozenBeyondLease('agent'),
    'the node of the primary frozen beyond the lease': frozenBeyondLease('node'),
    'the node of the primary frozen for 8 s': frozenFor('node', 8_000),
    switchover,
    'restart of the primary': restartOfPrimary,
    'reinit of the synchronous standby': standbyMadeAnew,
    'etcd killed for 26 s': daemonGone('etcd', 'kill', ETCD_AWAY_MS),
    'etcd frozen for 26 s': daemonGone('etcd', 'freeze', ETCD_AWAY_MS),
    'etcd killed for 25 s, and a standby': etcdAwayAndStandbyKilled,
    'synchronous standby killed': standbysGone(IN_STEP, 'kill', STANDBY_AWAY_MS),
    'synchronous standby frozen': standbysGone(IN_STEP, 'freeze', STANDBY_AWAY_MS),
    'other standby killed': standbysGone(OTHER, 'kill', STANDBY_AWAY_MS),
    'other standby frozen': standbysGone(OTHER, 'freeze', STANDBY_AWAY_MS),
    'both standbys killed for 24 s': standbysGone(BOTH, 'kill', STANDBY_AWAY_MS),
    'both standbys frozen for 24 s': standbysGone(BOTH, 'freeze', STANDBY_AWAY_MS),
    'sessions of inv ended by an operator': sessionsEnded,
    'rolling restart of the database': rollingRestartOfDatabase,
  }),
  ...of('balancer', SAFE, {
    'HAProxy frozen for 8 s': daemonGone('balancer', 'freeze', 8_000),
    'HAProxy killed for 3 s': daemonGone('balancer', 'kill', 3_000),
  }),
  ...of('inv', SAFE, {
    'first server of inv killed': serversKilled(FIRST),
    'second server of inv killed': serversKilled(SECOND),
    'both servers of inv killed': serversKilled(FIRST, SECOND),
    'first server of inv frozen for 10 s': serverFrozen(FIRST),
    'second server of inv frozen for 10 s': serverFrozen(SECOND),
    'rolling restart of inv': rollingRestartOfServers,
    'the node of the primary and both servers of inv killed': primaryAndServersKilled,
  }),
  ...of('database', LENIENT, {
    'both standbys killed for 24 s': standbysGone(BOTH, 'kill', STANDBY_AWAY_MS),
    'both standbys frozen for 24 s': standbysGone(BOTH, 'freeze', STANDBY_AWAY_MS),
    'the node of the primary killed': killed('node'),
    'Patroni of the primary frozen beyond the lease': frozenBeyondLease('agent'),
    'the node of the primary frozen beyond the lease': frozenBeyondLease('node'),
    switchover,
  }),
  ...of('database', WITHOUT_FAILSAFE, {
    'etcd killed for 26 s': daemonGone('etcd', 'kill', ETCD_AWAY_MS),
    'etcd frozen for 26 s': daemonGone('etcd', 'freeze', ETCD_AWAY_MS),
    'etcd killed for 5 s': daemonGone('etcd', 'kill', 5_000),
    'the node of the primary killed': killed('node'),
  }),
];

/** A fault as people read it: with the settings that differ from those of docs. */
export function titleOf({ what, settings }: Fault): string {
  if (!settings.synchronous_mode_strict) return `${what} (without strict)`;
  return settings.failsafe_mode ? what : `${what} (without failsafe_mode)`;
}

function of(
  meets: Fault['meets'],
  settings: ClusterSettings,
  runs: Readonly<Record<string, Run>>,
): Fault[] {
  return Object.entries(runs).map(([what, run]) => ({ what, meets, settings, run }));
}
