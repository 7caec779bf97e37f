/** Everything that runs in a cluster campaign: etcd, the nodes, HAProxy and the servers of inv. */
import { join } from 'node:path';
import { KEPT_ITEMS, writeCatalog } from '../kill/catalog.ts';
import type { Rows } from '../kill/checks.ts';
import type { HeldRow, LoginRow, OrderRow, StockRow } from '../kill/data-file.ts';
import type { Gates } from '../postgres/gates.ts';
import { accountOf, Daemon } from './daemon.ts';
import { type Layout, makeFolder, removeLayout, SHOP, writeBalancerConfigs } from './layout.ts';
import type { Levels } from './level-subscriber.ts';
import { PatroniCluster } from './patroni-cluster.ts';
import type { Programs } from './programs.ts';
import { ShopServers } from './shop-servers.ts';
import { PROBE_TABLE } from './sql-probe.ts';

export class Stage {
  readonly layout: Layout;
  readonly etcd: Daemon;
  readonly balancer: Daemon;
  readonly cluster: PatroniCluster;
  readonly servers: ShopServers;

  private constructor(layout: Layout, programs: Programs, gates: Gates) {
    this.layout = layout;
    this.etcd = etcdOf(layout, programs);
    const configs = writeBalancerConfigs(layout).flatMap((path) => ['-f', path]);
    const log = join(layout.folder, 'haproxy.log');
    const options = { cwd: layout.folder, log, account: accountOf('nobody') };
    this.balancer = new Daemon([programs.haproxy, '-db', ...configs], options);
    this.cluster = new PatroniCluster(layout, programs);
    const catalog = join(layout.folder, 'catalog.json');
    writeCatalog(catalog, KEPT_ITEMS);
    this.servers = new ShopServers(layout, catalog, gates);
  }

  /** Starts everything, and returns when both servers of inv listen. On a failure nothing is left. */
  static async open(layout: Layout, programs: Programs, gates: Gates): Promise<Stage> {
    const stage = new Stage(layout, programs, gates);
    try {
      stage.etcd.start();
      await stage.cluster.start();
      stage.balancer.start();
      await stage.cluster.query(PROBE_TABLE);
      for (let index = 0; index < stage.servers.count; index++) await stage.servers.start(index);
      gates.add(layout.balancer.inv);
      return stage;
    } catch (error) {
      await stage.close(false);
      throw error;
    }
  }

  /** What is in the database at one moment, by SQL alone. */
  async rows(): Promise<Rows> {
    return await this.cluster.transaction(SHOP.database, async (sql) => {
      const stock = await sql<
        StockRow[]
      >`SELECT upc::int, units::int, available::int FROM inv.stock ORDER BY upc`;
      const logins = await sql<LoginRow[]>`SELECT token_hash, "user" FROM inv.logins`;
      const orders = await sql<OrderRow[]>`
        SELECT "user", id, at::float8, lines, refusal, state, until::float8, ended::float8, "of" FROM inv.orders`;
      const held = await sql<HeldRow[]>`SELECT upc::int, until::float8, units::int FROM inv.held`;
      return {
        stock: () => stock,
        logins: () => logins,
        orders: () => orders.values(),
        held: () => held,
      };
    });
  }

  /** What is available of each item now, by SQL alone: units whose holds have ended are. */
  async levels(): Promise<Levels> {
    return await this.cluster.transaction(SHOP.database, async (sql) => {
      const rows = await sql<{ upc: number; available: number }[]>`
        WITH time AS MATERIALIZED (SELECT greatest(expired_to,
            floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now FROM inv.shop)
        SELECT upc::int, (available + (SELECT coalesce(sum(units), 0) FROM inv.held
            WHERE held.upc = stock.upc AND until <= (SELECT now FROM time)))::int AS available
          FROM inv.stock AS stock`;
      return new Map(rows.map(({ upc, available }) => [upc, available]));
    });
  }

  /** `keepFiles`: the folder stays, for people who look for a fault. */
  async close(keepFiles: boolean): Promise<void> {
    await this.servers.dispose();
    await this.balancer.kill();
    await this.cluster.dispose();
    await this.etcd.kill();
    if (!keepFiles) removeLayout(this.layout);
  }
}

/** One member, where a real cluster has three on machines of their own. */
function etcdOf({ folder, etcd: { clients, peers } }: Layout, { etcd }: Programs): Daemon {
  const account = accountOf('nobody');
  const data = makeFolder(join(folder, 'etcd'), account);
  const peerUrl = `http://127.0.0.1:${peers}`;
  const clientUrl = `http://127.0.0.1:${clients}`;
  const options: Readonly<Record<string, string>> = {
    name: 'etcd1',
    'data-dir': join(data, 'data'),
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `etcd1=${peerUrl}`,
    'log-level': 'warn',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return new Daemon([etcd, ...args], { cwd: data, log: join(folder, 'etcd.log'), account });
}
