/** The nodes as a whole, as Patroni's REST API and SQL show them. */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { type Layout, SHOP, SUPERUSER } from './layout.ts';
import { PatroniNode } from './patroni-node.ts';
import type { Programs } from './programs.ts';

/** Settings that faults are tried with and without. */
export interface ClusterSettings {
  readonly synchronous_mode_strict: boolean;
  readonly failsafe_mode: boolean;
}

const REST_TIMEOUT_MS = 2_000;
/** How long a cluster may take to be whole again before an operator helps. */
const HEALING_MS = 40_000;
/** How long a standby that is made anew may take, on a machine that does other things too. */
const REMAKING_MS = 120_000;
const SQL_TIMEOUT_S = 3;

export class PatroniCluster {
  readonly nodes: readonly PatroniNode[];
  readonly #layout: Layout;

  constructor(layout: Layout, programs: Programs) {
    this.#layout = layout;
    this.nodes = layout.nodes.map((place) => new PatroniNode(layout, place, programs));
  }

  /** Starts the first node, which makes the cluster, then the others, and makes the database of the shop. */
  async start(): Promise<void> {
    const [first, ...others] = this.nodes;
    first?.start();
    await until(
      'the first node is the primary',
      60_000,
      async () => (await this.leader()) !== null,
    );
    for (const node of others) node.start();
    await this.untilWhole();
    await this.query(`CREATE ROLE ${SHOP.user} LOGIN PASSWORD '${SHOP.password}'`);
    await this.query(`CREATE DATABASE ${SHOP.database} OWNER ${SHOP.user}`);
  }

  /** The node that Patroni calls the primary, when it takes writes. */
  async leader(): Promise<PatroniNode | null> {
    const answers = await Promise.all(
      this.nodes.map(async (node) => ((await statusOf(node, '/primary')) === 200 ? node : null)),
    );
    return answers.find((node) => node !== null) ?? null;
  }

  /** Throws when there is none. */
  async primary(): Promise<PatroniNode> {
    const leader = await this.leader();
    if (leader === null) throw new Error('there is no primary');
    return leader;
  }

  /** The standby that is in step, and the other one: or twice the same, where there is only one. */
  async standbys(): Promise<{ readonly synchronous: PatroniNode; readonly other: PatroniNode }> {
    const leader = await this.primary();
    const standbys = this.nodes.filter((node) => node !== leader);
    const inStep = await Promise.all(standbys.map(isInStep));
    const synchronous = standbys[inStep.indexOf(true)] ?? standbys[0];
    const other = standbys.find((node) => node !== synchronous) ?? synchronous;
    return { synchronous, other } as { synchronous: PatroniNode; other: PatroniNode };
  }

  /** Waits until another node than this one is the primary. */
  async untilReplaced(old: PatroniNode, limitMs: number): Promise<boolean> {
    for (const end = Date.now() + limitMs; Date.now() < end; await pause(200)) {
      const leaders = this.nodes
        .filter((node) => node !== old)
        .map((node) => statusOf(node, '/primary'));
      if ((await Promise.all(leaders)).includes(200)) return true;
    }
    return false;
  }

  /**
   * Waits until there is a primary and every other node follows it, one of them in step. What does not come
   * back by itself is mended as an operator would do; returns what was done.
   */
  async untilWhole(): Promise<string[]> {
    const done: string[] = [];
    for (const mend of [() => this.#removeSyncKey(), () => this.#remakeStandbys()]) {
      try {
        await until('the cluster is whole', HEALING_MS, () => this.#isWhole());
        return done;
      } catch {
        done.push(await mend());
      }
    }
    await until('the cluster is whole', REMAKING_MS, () => this.#isWhole());
    return done;
  }

  /** Sets what differs, and waits until all nodes know. */
  async set(settings: ClusterSettings): Promise<void> {
    const now = (await this.ask('GET', '/config')) as ClusterSettings & { loop_wait: number };
    const names = Object.keys(settings) as (keyof ClusterSettings)[];
    if (names.every((name) => now[name] === settings[name])) return;
    await this.ask('PATCH', '/config', settings, await this.primary());
    await pause(2.5 * now.loop_wait * 1000);
    await this.untilWhole();
  }

  /** Asks the REST API of one node, or of the first that answers. Returns what it says; throws when none does. */
  async ask(method: string, path: string, body?: object, node?: PatroniNode): Promise<unknown> {
    let last: unknown;
    for (const { place } of node === undefined ? this.nodes : [node]) {
      try {
        const answer = await fetch(`http://127.0.0.1:${place.restPort}${path}`, {
          method,
          signal: AbortSignal.timeout(method === 'GET' ? REST_TIMEOUT_MS : 60_000),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        if (!answer.ok)
          throw new Error(`${method} ${path} of ${place.name}: ${answer.status} ${text}`);
        return text.startsWith('{') ? JSON.parse(text) : text;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  /** Runs SQL on the primary, as its superuser. */
  // biome-ignore lint/suspicious/noExplicitAny: rows of every shape
  async query(statement: string, database = 'postgres'): Promise<any[]> {
    return await this.transaction(database, (sql) => sql.unsafe(statement), '');
  }

  /** Runs SQL on the primary in one transaction, or in none where `mode` is empty. */
  async transaction<Result>(
    database: string,
    task: (sql: postgres.ISql) => Promise<Result>,
    mode = 'ISOLATION LEVEL REPEATABLE READ READ ONLY',
  ): Promise<Result> {
    const { place } = await this.primary();
    const sql = postgres({
      host: '127.0.0.1',
      port: place.postgresPort,
      user: SUPERUSER.username,
      password: SUPERUSER.password,
      database,
      max: 1,
      connect_timeout: SQL_TIMEOUT_S,
      fetch_types: false,
      onnotice: () => undefined,
    });
    try {
      if (mode === '') return await task(sql);
      return (await sql.begin(mode, task)) as Result;
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()));
  }

  async #isWhole(): Promise<boolean> {
    if ((await this.leader()) === null) return false;
    const statuses = await Promise.all(this.nodes.map((node) => statusOf(node, '/health')));
    if (statuses.some((status) => status !== 200)) return false;
    const followers = await this.query(
      "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' AND NOT pg_is_in_recovery()",
    );
    const inStep = followers.filter(({ sync_state }) => sync_state !== 'async');
    if (followers.length !== this.nodes.length - 1 || inStep.length === 0) return false;
    // Only now it may be promoted: Patroni publishes it in etcd last.
    return (await Promise.all(this.nodes.map(isInStep))).includes(true);
  }

  /**
   * Removes the key in which Patroni says who is in step. After a leader took the lead back by force, as Patroni
   * below 3.0.3 lets it, the key may name another one, and then the leader never writes it again.
   */
  async #removeSyncKey(): Promise<string> {
    const key = Buffer.from('/service/inv/sync').toString('base64');
    const url = `http://127.0.0.1:${this.#layout.etcd.clients}/v3/kv/deleterange`;
    await fetch(url, { method: 'POST', body: JSON.stringify({ key }) });
    return 'key /sync removed';
  }

  async #remakeStandbys(): Promise<string> {
    const leader = await this.primary();
    const following = await this.query(
      "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'",
    );
    const names = new Set(following.map(({ application_name }) => application_name));
    const lost = this.nodes.filter((node) => node !== leader && !names.has(node.place.name));
    for (const node of lost) await this.ask('POST', '/reinitialize', { force: true }, node);
    return `reinit of ${lost.map(({ place }) => place.name).join()}`;
  }
}

/** Whether Patroni would promote it; in quorum mode such a standby has another name. */
async function isInStep(node: PatroniNode): Promise<boolean> {
  return (
    (await statusOf(node, '/synchronous')) === 200 || (await statusOf(node, '/quorum')) === 200
  );
}

/** 0: no answer. */
async function statusOf({ place }: PatroniNode, path: string): Promise<number> {
  try {
    const signal = AbortSignal.timeout(REST_TIMEOUT_MS);
    const { status } = await fetch(`http://127.0.0.1:${place.restPort}${path}`, {
      method: 'HEAD',
      signal,
    });
    return status;
  } catch {
    return 0;
  }
}

/** Throws when it is not so within the time. What the condition throws counts as "not yet". */
export async function until(
  what: string,
  limitMs: number,
  condition: () => Promise<boolean>,
): Promise<void> {
  for (const end = Date.now() + limitMs; ; await pause(250)) {
    let why = '';
    try {
      if (await condition()) return;
    } catch (error) {
      why = `: ${(error as Error).message}`;
    }
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}${why}`);
  }
}
