/** What the benchmark asks of the load generator, and what it hears back. */

export type DialectName = 'inv' | 'redis' | 'postgres';

/** What each request is: one that buys a unit, one that holds it, or both, under one order id, counted as one. */
export type LoadKind = 'purchase' | 'hold' | 'hold-confirm';

/** Of a HOLD: long enough that none ends during a measurement. */
export const HOLD_SECONDS = 600;

/** How many buyers there are, and how many requests each has under way. */
export interface Shape {
  readonly connections: number;
  readonly inFlight: number;
}

/** UPCs in a row, all with the same number of digits. */
export interface Upcs {
  readonly first: number;
  readonly count: number;
}

export interface Job extends Shape {
  readonly dialect: DialectName;
  /** Where the servers listen; connections take turns among them. */
  readonly ports: readonly number[];
  /** The certificate to trust, where the servers speak TLS. */
  readonly ca?: string | undefined;
  readonly upcs: Upcs;
  /** Purchases, unless it is another. */
  readonly kind?: LoadKind;
  /** How the connections warm the server up before the measurement. */
  readonly warmUp: Shape & { readonly seconds: number };
  readonly seconds: number;
  /** The processes whose time and size are told, with their children's. */
  readonly serverPids: readonly number[];
}

export interface LoadResult {
  /** Purchases, holds, or pairs of HOLD and CONFIRM, that the server acknowledged, the warm-up's too. */
  readonly acknowledged: number;
  /** Those in the measured seconds. */
  readonly measured: number;
  readonly perSecond: number;
  /** Milliseconds from the write of a request to the read of its reply. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly longest: number;
  /** User and system time of the servers, in seconds for a million of them; null where /proc is missing. */
  readonly cpuSecondsPerMillion: number | null;
  readonly residentMegabytes: number | null;
  /** The part of one core that the generator itself used: near 1 it is the limit, not the server. */
  readonly generatorLoad: number;
}
