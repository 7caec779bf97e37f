/** How many connections a process may have, by its limit of open files. */
import { readFileSync } from 'node:fs';
import { MAX_CONNECTIONS } from '../protocol/limits.ts';

/** Files for all else: the store with its log and its checkpoints, standard streams, the event loop, connections that are being refused. */
export const RESERVED_FILES = 128;

/** With fewer than about 40 a server cannot even open its data, and where it fails then is a matter of chance. */
export const LEAST_FILES = 64;

/** Connections that are told BUSY at once; more are closed without a word, so that they do not use up the reserve. */
export const MAX_REFUSED_AT_ONCE = 32;

let knownLimit: number | null = null;

/** The files that this process may have open at once; infinite where there is no limit. Node raises it to the hard limit at its start. */
export function openFileLimit(): number {
  knownLimit ??= readLimit();
  return knownLimit;
}

function readLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return numberOf(/^Max open files\s+(\S+)/m.exec(limits)?.[1]);
  } catch {
    // Not Linux. The report takes some milliseconds; where there are no such limits, it has none.
    Object.assign(process.report, { excludeNetwork: true });
    const report = process.report.getReport() as {
      userLimits?: { open_files?: { soft?: number | string } };
    };
    return numberOf(report.userLimits?.open_files?.soft);
  }
}

/** Why a server cannot even start with `files` open files; null when it can. */
export function whyTooFewFiles(files = openFileLimit()): string | null {
  if (files >= LEAST_FILES) return null;
  return (
    `a server needs ${LEAST_FILES} open files, and here it may have ${files}; ` +
    'allow it more, such as `ulimit -n 1024`, or LimitNOFILE=1024 in a systemd unit'
  );
}

/** The connections that fit into `files` open files beside everything else; at least one. */
export function maxConnections(files = openFileLimit()): number {
  return Math.max(1, Math.min(MAX_CONNECTIONS, files - RESERVED_FILES));
}

/** `unlimited`, or nothing, is no limit. */
function numberOf(limit: number | string | undefined): number {
  const number = Number(limit);
  return Number.isFinite(number) ? number : Number.POSITIVE_INFINITY;
}
