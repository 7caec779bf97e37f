/** One node of the database: a Patroni, and the PostgreSQL that it runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountOf, Daemon, signalTree } from './daemon.ts';
import { type Layout, type NodePlace, writePatroniConfig } from './layout.ts';
import type { Programs } from './programs.ts';

/** What of a node a fault meets: the postmaster alone, all of PostgreSQL, Patroni, or both. */
export type Part = 'postmaster' | 'postgres' | 'agent' | 'node';

const living = new Set<PatroniNode>();
process.on('exit', () => {
  for (const node of living) node.signalPostgres('SIGKILL');
});

export class PatroniNode {
  readonly place: NodePlace;
  readonly #agent: Daemon;

  constructor(layout: Layout, place: NodePlace, programs: Programs) {
    this.place = place;
    const account = accountOf('postgres');
    const config = writePatroniConfig(layout, place, programs, account);
    this.#agent = new Daemon([programs.patroni, config], {
      account,
      cwd: place.folder,
      log: join(layout.folder, `${place.name}-patroni.log`),
    });
    living.add(this);
  }

  /** Starts Patroni, which starts PostgreSQL when it does not run. */
  start(): void {
    this.#agent.start();
  }

  /** As `kill -9`: a crash. */
  async kill(part: Part): Promise<void> {
    // Patroni would start PostgreSQL again.
    if (part === 'node') this.#agent.signal('SIGSTOP');
    if (part === 'postmaster') this.#signalPostmaster('SIGKILL');
    else if (part !== 'agent') this.signalPostgres('SIGKILL');
    if (part === 'agent' || part === 'node') await this.#agent.kill();
  }

  /** Stands still, as a machine that is paused: the kernel still takes connections. */
  freeze(part: Part): void {
    if (part === 'agent' || part === 'node') this.#agent.signal('SIGSTOP');
    if (part === 'postmaster') this.#signalPostmaster('SIGSTOP');
    else if (part !== 'agent') this.signalPostgres('SIGSTOP');
  }

  thaw(): void {
    this.signalPostgres('SIGCONT');
    this.#agent.signal('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.kill('node');
    living.delete(this);
  }

  /** The postmaster and all its sessions: PostgreSQL is a daemon, and no child of Patroni. */
  signalPostgres(signal: NodeJS.Signals): void {
    const pid = this.#postmaster;
    if (pid !== null) signalTree(pid, signal);
  }

  #signalPostmaster(signal: NodeJS.Signals): void {
    const pid = this.#postmaster;
    if (pid !== null) process.kill(pid, signal);
  }

  get #postmaster(): number | null {
    const file = join(this.place.folder, 'data', 'postmaster.pid');
    if (!existsSync(file)) return null;
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return isPostgres(pid) ? pid : null;
  }
}

/** The file may outlive its process, whose number another one may have by now. */
function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === 'postgres';
  } catch {
    return false;
  }
}
