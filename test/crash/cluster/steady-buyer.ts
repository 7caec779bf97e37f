/** Buys one unit after the other at one address, and notes for how long that did not succeed, and what it saw. */
import { setTimeout as pause } from 'node:timers/promises';
import type { OrderEntry } from '../kill/ledger.ts';
import type { Random } from '../support/random.ts';
import { Lost, Unavailable, WireClient } from '../support/wire-client.ts';
import { GapMeter } from './gap-meter.ts';
import type { ShopLedger } from './shop-ledger.ts';

/** Between two purchases, and before another try. */
const PAUSE_MS = 100;
/** The server itself answers within 5 seconds when its database stands still. */
const PATIENCE_MS = 6_500;
const UPC = 1_001;

/** What a client can see beside an outcome. */
export type Sight = 'UNAVAILABLE' | 'connection cut' | 'no connection' | 'no answer';

export class SteadyBuyer {
  readonly meter: GapMeter;
  readonly sights: Record<Sight, number> = {
    UNAVAILABLE: 0,
    'connection cut': 0,
    'no connection': 0,
    'no answer': 0,
  };
  readonly #port: number;
  readonly #ledger: ShopLedger;
  readonly #random: Random;
  #stopping = false;
  readonly #ended: Promise<void>;

  constructor(name: string, port: number, ledger: ShopLedger, random: Random) {
    this.meter = new GapMeter(name);
    this.#port = port;
    this.#ledger = ledger;
    this.#random = random;
    this.meter.reset();
    this.#ended = this.#run();
  }

  /** Ends when the order that is open has its outcome. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    let client: WireClient | null = null;
    let open: OrderEntry | null = null;
    while (!this.#stopping || open !== null) {
      try {
        client ??= await this.#connect();
        open ??= this.#ledger.sending('carol', this.#random.orderId(), [{ upc: UPC, qty: 1 }]);
        this.#ledger.sendingAlone(open);
        const words = ['PURCHASE', String(UPC), '1', 'ORDER', open.id];
        const reply = await inTime(client.send(...words), () => client?.drop());
        this.#ledger.answered(open, reply, false);
        open = null;
        this.meter.succeeded();
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        this.sights[sightOf(error, client)]++;
        if (!(error instanceof Unavailable)) {
          client?.drop();
          client = null;
        }
      }
      await pause(PAUSE_MS);
    }
    client?.drop();
  }

  async #connect(): Promise<WireClient> {
    const opened = WireClient.login(this.#port, 'carol');
    return await inTime(
      opened,
      () => void opened.then((late) => late.drop()).catch(() => undefined),
    );
  }
}

class NoAnswer extends Lost {}

async function inTime<Value>(promise: Promise<Value>, giveUp: () => void): Promise<Value> {
  const stop = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: stop.signal }).then(() => {
    giveUp();
    throw new NoAnswer('no answer in time');
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

function sightOf(error: Lost, client: WireClient | null): Sight {
  if (error instanceof Unavailable) return 'UNAVAILABLE';
  if (error instanceof NoAnswer) return 'no answer';
  return client === null ? 'no connection' : 'connection cut';
}
