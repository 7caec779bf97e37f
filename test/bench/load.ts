/**
 * The load generator, a process of its own: `node test/bench/load.ts '<job as JSON>'` prints the
 * result as JSON. A closed loop: a request leaves when the reply to an earlier one is there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Buyer } from './load/buyer.ts';
import { DIALECTS } from './load/dialects.ts';
import type { Job, LoadResult, Shape } from './load/job.ts';
import { Latencies } from './load/latencies.ts';
import { processUse } from './load/process-use.ts';
import { Requests } from './load/requests.ts';

/** For new connections to come into step before anything is measured. */
const SETTLE_SECONDS = 0.3;

/** How long replies may stay away before the run counts as failed. */
const DRAIN_SECONDS = 20;

async function runLoad(job: Job): Promise<LoadResult> {
  const requests = new Requests(DIALECTS[job.dialect], job.upcs, job.kind);
  const latencies = new Latencies();
  let acknowledged = 0;

  async function withBuyers(shape: Shape, during: () => Promise<void>): Promise<void> {
    const buyers: Buyer[] = [];
    // One after the other: a server may check passwords slowly, and checks a known one quickly.
    for (let index = 0; index < shape.connections; index++) {
      const dialect = DIALECTS[job.dialect];
      const at = { port: job.ports[index % job.ports.length] as number, ca: job.ca };
      buyers.push(await Buyer.open(at, dialect, requests, latencies, shape.inFlight));
    }
    const running = Promise.all(buyers.map((buyer) => buyer.run()));
    await Promise.race([during(), running]);
    for (const buyer of buyers) buyer.stop();
    await Promise.race([running, tooLong()]);
    for (const buyer of buyers) {
      acknowledged += buyer.acknowledged;
      buyer.close();
    }
  }

  await withBuyers(job.warmUp, () => sleep(1000 * job.warmUp.seconds));
  let result: Omit<LoadResult, 'acknowledged'> | undefined;
  await withBuyers(job, async () => {
    await sleep(1000 * Math.min(SETTLE_SECONDS, job.seconds));
    result = await measure(job, latencies);
  });
  return { acknowledged, ...(result as Omit<LoadResult, 'acknowledged'>) };
}

async function measure(job: Job, latencies: Latencies): Promise<Omit<LoadResult, 'acknowledged'>> {
  const useBefore = processUse(job.serverPids);
  const ownBefore = process.cpuUsage();
  latencies.clear();
  const start = performance.now();
  await sleep(1000 * job.seconds);
  const seconds = (performance.now() - start) / 1000;
  const measured = latencies.total;
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((part) => latencies.percentile(part));
  const longest = latencies.longest;
  const own = process.cpuUsage(ownBefore);
  const use = processUse(job.serverPids);
  const cpuSeconds =
    use === null || useBefore === null ? null : use.cpuSeconds - useBefore.cpuSeconds;
  return {
    measured,
    perSecond: measured / seconds,
    p50: p50 as number,
    p99: p99 as number,
    p999: p999 as number,
    longest,
    cpuSecondsPerMillion: cpuSeconds === null ? null : (cpuSeconds / measured) * 1e6,
    residentMegabytes: use?.residentMegabytes ?? null,
    generatorLoad: (own.user + own.system) / 1e6 / seconds,
  };
}

async function tooLong(): Promise<never> {
  await sleep(1000 * DRAIN_SECONDS, undefined, { ref: false });
  throw new Error(`replies stayed away for ${DRAIN_SECONDS} seconds`);
}

const result = await runLoad(JSON.parse(process.argv[2] as string) as Job);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();
