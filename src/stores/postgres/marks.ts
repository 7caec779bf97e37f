/** The number of the last batch of a server, as the database and the other servers know it. */
export interface BatchMark {
  readonly id: string;
  /** For people: its machine and process. */
  readonly name: string;
  readonly batch: number;
  /** When that was by the clock of the database, in milliseconds since 1970 UTC; it only rises, also when that clock is set back. */
  readonly seen: number;
}

/** Marks of servers that were not heard of for this long, by the clock of the database, are deleted when a server stops. */
export const FORGET_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

/** A server that writes no batch dates its mark anew after this long, so that nobody deletes it. */
export const REFRESH_AFTER_MS = 60 * 60 * 1000;

/**
 * The statement that runs `deletion`, a DELETE of marks, and writes down up to when marks were deleted. Those are
 * not missed, and a database that was set back to before them does not know of it: no clock decides which marks may be missing.
 */
export const forgetting = (deletion: string): string =>
  `WITH gone AS (${deletion} RETURNING batch, seen)
    UPDATE inv.shop SET forgotten_to = gone_to
    FROM (SELECT max(seen) AS gone_to FROM gone WHERE batch > 0) AS of_gone WHERE gone_to > forgotten_to`;
