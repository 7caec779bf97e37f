/** One command of inv, run to its end, and what it took. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processUse } from '../load/process-use.ts';
import { OWN_ENTRY } from '../peers/inv.ts';

const LOOK_EVERY_MS = 20;

export interface CommandUse {
  readonly seconds: number;
  /** Of the processor, to the last look before its end. */
  readonly cpuSeconds: number;
  /** The most that it ever had; 0 where nobody can tell. */
  readonly residentMegabytes: number;
  /** The first bytes that it printed. */
  readonly printed: string;
}

const PRINTED_BYTES = 2_000;

/** Runs `inv ARGS`; all that it prints is read, as by the next program in a pipe. Throws when its exit code is not 0. */
export async function runCommand(...args: string[]): Promise<CommandUse> {
  const start = performance.now();
  const child = spawn(process.execPath, [OWN_ENTRY, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid as number;
  let printed = '';
  let faults = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (printed.length < PRINTED_BYTES) printed += chunk.subarray(0, PRINTED_BYTES);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    faults += chunk;
  });
  let cpuSeconds = 0;
  let residentMegabytes = 0;
  const timer = setInterval(() => {
    cpuSeconds = processUse([pid])?.cpuSeconds ?? cpuSeconds;
    residentMegabytes = mostResident(pid) ?? residentMegabytes;
  }, LOOK_EVERY_MS);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`inv ${args.join(' ')} ended with ${code}: ${faults}${printed}`);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds, residentMegabytes, printed };
}

function mostResident(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    // A process that has just ended has none.
    const most = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return most === undefined ? null : Number(most) / 1024;
  } catch {
    return null;
  }
}
