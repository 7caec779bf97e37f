/** The number of the last batch of a server, as the database and the other servers know it. */
export interface BatchMark {
  readonly id: string;
  /** For people: its machine and process. */
  readonly name: string;
  readonly batch: number;
  /** When that was by the clock of the database, in milliseconds since 1970 UTC. */
  readonly seen: number;
}

/** Marks of servers that were not heard of for this long, by the clock of the database, are deleted, and not missed. */
export const FORGET_AFTER_MS = 30 * 24 * 60 * 60 * 1000;
