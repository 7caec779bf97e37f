/** Buyers who buy at a steady rate while something else goes on, and how long the slowest of them waited. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Upcs } from '../load/job.ts';
import { Latencies } from '../load/latencies.ts';
import { Asker } from './asker.ts';

const BUYERS = 10;
const PER_SECOND = 1_000;

/** Purchases before anything is measured. */
const WARM_UP = 3_000;

export interface Sale {
  /** Milliseconds: of the slowest purchase, and of one in a hundred. */
  readonly longest: number;
  readonly p99: number;
  readonly perSecond: number;
}

/** Sells 1,000 units a second of random items of `upcs` until `work` is done. */
export async function whileSelling<T>(
  port: number,
  upcs: Upcs,
  work: () => Promise<T>,
): Promise<Sale & { readonly result: T }> {
  const buyers = await Promise.all(Array.from({ length: BUYERS }, () => Asker.open(port)));
  let isOver = false;
  let latencies = new Latencies();
  const sell = async (buyer: Asker): Promise<void> => {
    const start = performance.now();
    for (let sold = 0; !isOver; sold++) {
      const early = start + (sold * 1000 * BUYERS) / PER_SECOND - performance.now();
      if (early > 0) await pause(early);
      const upc = upcs.first + Math.floor(Math.random() * upcs.count);
      const sent = performance.now();
      await buyer.ask('PURCHASE', String(upc), '1');
      latencies.add(performance.now() - sent);
    }
  };
  const selling = Promise.all(buyers.map(sell));
  while (latencies.total < WARM_UP) await Promise.race([pause(20), selling]);
  latencies = new Latencies();
  const start = performance.now();
  const result = await Promise.race([work(), selling.then(() => Promise.reject(new Error()))]);
  const seconds = (performance.now() - start) / 1000;
  const { longest, total } = latencies;
  const p99 = latencies.percentile(0.99);
  isOver = true;
  await selling;
  for (const buyer of buyers) buyer.close();
  return { longest, p99, perSecond: total / seconds, result };
}
