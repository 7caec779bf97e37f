/**
 * The cluster campaign: two servers of inv over three nodes of PostgreSQL under Patroni, with etcd and HAProxy, under
 * load. Fault after fault; after each the database is held against the load's ledger.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { newMarket, startBuyers } from '../kill/buyer.ts';
import { checkAcknowledgedUnits, checkFile } from '../kill/checks.ts';
import { startHolders } from '../kill/holder.ts';
import { outcomesOf } from '../kill/ledger.ts';
import { Gates } from '../postgres/gates.ts';
import { Random } from '../support/random.ts';
import { FAULTS, type Fault, titleOf } from './faults.ts';
import { type Layout, newLayout } from './layout.ts';
import type { Programs } from './programs.ts';
import type { ClusterCampaignReport, FaultReport, Gaps } from './report.ts';
import { ShopLedger } from './shop-ledger.ts';
import { SqlProbe } from './sql-probe.ts';
import { Stage } from './stage.ts';
import { type Sight, SteadyBuyer } from './steady-buyer.ts';
import { Subscribers } from './subscribers.ts';
import { WatchfulReader } from './watchful-reader.ts';

/** Clients that hold and give back, beside the others. */
const HOLDERS = 2;
/** How long the load runs before a fault. */
const BEFORE_MS = 1_500;
/** How long a server may take to sell again once the cluster is whole. */
const SELLS_AGAIN_MS = 40_000;
/** Servers that have noticed a loss and sell nothing for this long have stopped. */
const STAYS_STOPPED_MS = 10_000;
/** How long the load may take to settle what is open. */
const ENDS_MS = 90_000;
/** Between two steps of a buyer: the load is there to be right, not to be fast. */
const PACE_MS = 250;

export interface ClusterCampaignOptions {
  readonly programs: Programs;
  /** In their order; when they are over, more are drawn. */
  readonly faults?: readonly Fault[];
  readonly count: number;
  readonly nodes: number;
  readonly seed: number;
  readonly clients: number;
  /** What differs from the cluster settings of docs. */
  readonly dcs?: Layout['dcs'];
  readonly progress?: (line: string) => void;
}

/** A door that does not spin while nobody opens. */
class PacedGates extends Gates {
  override async port(): Promise<number> {
    await pause(50);
    return await super.port();
  }
}

export async function runClusterCampaign(
  options: ClusterCampaignOptions,
): Promise<ClusterCampaignReport> {
  const { programs, faults = FAULTS, count, nodes, seed } = options;
  const random = new Random(seed);
  const gates = new PacedGates(random);
  const stage = await Stage.open(await newLayout(nodes, options.dcs ?? {}), programs, gates);
  const campaign = new Campaign(stage, gates, random, options);
  try {
    for (let index = 0; index < count && campaign.violations.length === 0; index++) {
      await campaign.meet(faults[index] ?? random.pick(faults), index);
    }
  } catch (error) {
    campaign.violations.push(`the campaign failed: ${(error as Error).stack}`);
  }
  if (campaign.violations.length > 0) options.progress?.(stage.servers.logs);
  await stage.close(campaign.violations.length > 0);
  return { ...campaign, folder: stage.layout.folder };
}

class Campaign {
  readonly faults: FaultReport[] = [];
  readonly violations: string[] = [];
  counts = newMarket(new ShopLedger(), new Gates(new Random(0))).counts;
  bought = 0;
  refused = 0;
  reads = 0;
  messages = 0;
  subscriptions = 0;
  readonly #stage: Stage;
  readonly #gates: Gates;
  readonly #random: Random;
  readonly #options: ClusterCampaignOptions;
  #ledger = new ShopLedger();
  /** Of the ledger's orders, those that an earlier ledger has counted. */
  #countedBefore = { bought: 0, refused: 0 };

  constructor(stage: Stage, gates: Gates, random: Random, options: ClusterCampaignOptions) {
    this.#stage = stage;
    this.#gates = gates;
    this.#random = random;
    this.#options = options;
  }

  /** Lets a fault happen under load, waits until everything is whole again, and checks. */
  async meet(fault: Fault, round: number): Promise<void> {
    const { cluster, servers, layout } = this.#stage;
    await cluster.set(fault.settings);
    const ledger = this.#ledger;
    const market = newMarket(ledger, this.#gates);
    Object.assign(market, { round, mayBeAway: true, pauseMs: PACE_MS, counts: this.counts });
    const seed = this.#options.seed + round;
    const clients = [
      ...startBuyers(this.#options.clients, seed, market),
      ...startHolders(HOLDERS, seed, market),
    ];
    const load = Promise.all(clients).catch((error) =>
      ledger.violation(`a client failed: ${error.stack}`),
    );
    const steady = [...layout.invPorts, layout.balancer.inv].map(
      (port, index) => new SteadyBuyer(String(index), port, ledger, new Random(seed * 7 + index)),
    );
    const readers = layout.invPorts.map((port) => new WatchfulReader(port, ledger, this.#random));
    let subscribers = new Subscribers(layout, ledger);
    const probe = new SqlProbe(layout);
    await pause(BEFORE_MS + this.#random.below(500));

    for (const { meter } of steady) meter.reset();
    probe.reset();
    const since = Date.now();
    let failure: Error | null = null;
    let byHand: string[] = [];
    try {
      const { etcd, balancer } = this.#stage;
      const soldAgain = (limitMs: number) => untilSoldAgain(steady, limitMs);
      await fault.run({ cluster, servers, etcd, balancer, soldAgain });
      byHand = await cluster.untilWhole();
    } catch (error) {
      failure = error as Error;
    }
    const noticed = await this.#untilSold(steady, since);
    const gaps = gapsOf(steady, probe);
    await probe.stop();
    if (failure !== null) this.violations.push(`${titleOf(fault)}: ${failure.stack}`);
    let lost = 0;
    if (noticed) {
      // After it levels go back to what is left: those who are told then are others.
      await this.#stopSubscribers(subscribers);
      lost = await this.#acceptLoss(since);
      subscribers = new Subscribers(layout, ledger);
    }

    market.closing = true;
    const parts = [...steady, ...readers].map((part) => part.stop());
    const ended = Promise.all([load, ...parts]).then(() => true);
    if (!(await Promise.race([ended, pause(ENDS_MS, false, { ref: false })]))) {
      this.violations.push(`${titleOf(fault)}: the load did not come to its end`);
      return;
    }
    const toldMs = await subscribers.untilToldOf(() => this.#stage.levels());
    await this.#stopSubscribers(subscribers);
    for (const { reads } of readers) this.reads += reads;
    await this.#check(noticed);
    const report = {
      ...{ title: titleOf(fault), gaps, byHand, lost, noticed, toldMs },
      sights: sumOf(steady),
      ownMs: ownPart(fault, gaps),
    };
    this.faults.push(report);
    this.#options.progress?.(
      `${this.faults.length}. ${lineOf(report)}; ${ledger.orders.size} orders`,
    );
    if (servers.lossesSince(since).some((loss) => loss !== null) && !noticed) {
      this.#options.progress?.(
        '   a server met a primary that had lost what it acknowledged, and did not use it',
      );
    }
  }

  async #stopSubscribers(subscribers: Subscribers): Promise<void> {
    await subscribers.stop();
    this.messages += subscribers.messages;
    this.subscriptions += subscribers.subscriptions;
  }

  /** Waits until all sell again. Returns true when the servers have noticed a loss, and stopped. */
  async #untilSold(steady: readonly SteadyBuyer[], since: number): Promise<boolean> {
    const whole = Date.now();
    const soldAfter = (one: SteadyBuyer) => one.meter.lastSuccess > whole + 500;
    for (const end = whole + SELLS_AGAIN_MS; Date.now() < end; await pause(100)) {
      if (steady.every(soldAfter)) return false;
      const isLost = this.#stage.servers.lossesSince(since).every((loss) => loss !== null);
      if (isLost && !steady.some(soldAfter) && Date.now() > whole + STAYS_STOPPED_MS) return true;
    }
    this.violations.push(`no sale ${SELLS_AGAIN_MS / 1000} s after the cluster was whole`);
    return false;
  }

  /**
   * The servers have stopped, so the database stands still, and what it lacks is what the cluster lost. An operator
   * accepts that. Returns the number of acknowledged orders that are gone.
   */
  async #acceptLoss(since: number): Promise<number> {
    const ledger = this.#ledger;
    // What clients were told until here must be right even so.
    this.violations.push(...ledger.violations.splice(0));
    checkAcknowledgedUnits(ledger);
    this.violations.push(...ledger.violations.splice(0));
    checkFile(ledger, await this.#stage.rows());
    const found = ledger.violations.splice(0);
    // An order whose commit was not confirmed, and that was then bought elsewhere, may be there in its first form.
    const isLostOrder = (sentence: string) =>
      /: lost, it was|: answered .*, on disk /.test(sentence);
    const isOfLoss = (sentence: string) =>
      isLostOrder(sentence) || /^a login .* (is lost|back from)|^(hold|return) /.test(sentence);
    this.violations.push(...found.filter((sentence) => !isOfLoss(sentence)));
    if (!found.some(isOfLoss)) this.violations.push('a loss was noticed, and nothing is lost');
    for (const loss of this.#stage.servers.lossesSince(since))
      this.#options.progress?.(`   noticed: ${loss}`);
    await this.#stage.servers.acceptLoss();
    return found.filter(isLostOrder).length;
  }

  async #check(wasLost: boolean): Promise<void> {
    const ledger = this.#ledger;
    const rows = await this.#stage.rows();
    const { bought, refused } = outcomesOf(ledger);
    this.bought += bought - this.#countedBefore.bought;
    this.refused += refused - this.#countedBefore.refused;
    this.#countedBefore = { bought, refused };
    if (wasLost) {
      // The history began anew, and so does the ledger: with what is there.
      this.#ledger = ShopLedger.of(rows);
      this.#countedBefore = outcomesOf(this.#ledger);
      return;
    }
    checkFile(ledger, rows);
    checkAcknowledgedUnits(ledger);
    const open = [...ledger.orders.values()].filter(({ outcome }) => outcome === null).length;
    if (open > 0) ledger.violation(`${open} orders have no outcome at the end of a round`);
    this.violations.push(...ledger.violations.splice(0));
  }
}

/** Returns when one of them has bought, or time is up. */
async function untilSoldAgain(steady: readonly SteadyBuyer[], limitMs: number): Promise<void> {
  const start = Date.now();
  for (const end = start + limitMs; Date.now() < end; await pause(50)) {
    if (steady.some(({ meter }) => meter.lastSuccess > start)) return;
  }
}

function gapsOf(steady: readonly SteadyBuyer[], probe: SqlProbe): Gaps {
  const [hosts = 0, balancer = 0, front = 0] = steady.map(({ meter }) => meter.longestMs);
  const [sqlHosts, sqlBalancer] = [probe.hosts.longestMs, probe.balancer.longestMs];
  return { hosts, balancer, front, sqlHosts, sqlBalancer };
}

/** What inv took longer than plain SQL did over the same way. */
function ownPart({ meets }: Fault, gaps: Gaps): number | null {
  if (meets === 'inv') return null;
  return Math.max(gaps.hosts - gaps.sqlHosts, gaps.balancer - gaps.sqlBalancer, 0);
}

function sumOf(steady: readonly SteadyBuyer[]): Record<Sight, number> {
  const sum: Record<Sight, number> = { ...(steady[0] as SteadyBuyer).sights };
  for (const { sights } of steady.slice(1)) {
    for (const sight of Object.keys(sum) as Sight[]) sum[sight] += sights[sight];
  }
  return sum;
}

/** A fault in one line, for people who wait. */
function lineOf({ title, gaps, lost, noticed, byHand, toldMs }: FaultReport): string {
  const seconds = Object.entries(gaps).map(([name, ms]) => `${name} ${(ms / 1000).toFixed(1)}`);
  const outcome = noticed ? `noticed, stopped; ${lost} lost by the cluster` : 'went on';
  const mended = byHand.length === 0 ? '' : `; by hand: ${byHand.join(', ')}`;
  const told = `every level told ${(toldMs / 1000).toFixed(1)} s after the last sale`;
  return `${title}: ${outcome}; seconds without: ${seconds.join(', ')}; ${told}${mended}`;
}
