/** Two servers of inv over the cluster: the first names all hosts, the second the balancer's address. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { program } from '../../support/program.ts';
import type { Gates } from '../postgres/gates.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Layout, shopAddress } from './layout.ts';

/** The event that a server logs when its database lost what it acknowledged. */
const LOSS = 'database lost what was acknowledged';

interface LogEvent {
  readonly time: string;
  readonly event: string;
  readonly what: string;
}

export class ShopServers {
  readonly #layout: Layout;
  readonly #catalog: string;
  readonly #gates: Gates;
  readonly #servers: (ServerProcess | null)[] = [null, null];

  constructor(layout: Layout, catalog: string, gates: Gates) {
    this.#layout = layout;
    this.#catalog = catalog;
    this.#gates = gates;
  }

  get count(): number {
    return this.#servers.length;
  }

  /** Starts a server and waits until it listens. */
  async start(index: number): Promise<void> {
    const port = this.#layout.invPorts[index] as number;
    const data = shopAddress(this.#layout, index === 0 ? 'hosts' : 'balancer');
    // Not every login: what is kept of the log is its end.
    const options = { data, catalog: this.#catalog, port, logLevel: 'warn' } as const;
    this.#servers[index] = await ServerProcess.start(options);
    this.#gates.add(port);
  }

  /** As `kill -9`. */
  async kill(index: number): Promise<void> {
    await this.#end(index, 'SIGKILL');
  }

  /** Throws when the server does not stop in order. */
  async stop(index: number): Promise<void> {
    const server = this.#servers[index];
    const exit = await this.#end(index, 'SIGTERM');
    if (exit !== 0) throw new Error(`an orderly stop exited with ${exit}: ${server?.errors}`);
  }

  signal(index: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#servers[index]?.signal(signal);
  }

  /** What each server has logged about a loss since then, in milliseconds since 1970 UTC; null: nothing. */
  lossesSince(since: number): (string | null)[] {
    return this.#servers.map((server) => {
      const lines = (server?.errors ?? '').split('\n').filter((line) => line.includes(LOSS));
      const events = lines.flatMap((line) => {
        try {
          return [JSON.parse(line) as LogEvent];
        } catch {
          return [];
        }
      });
      const isOne = ({ time, event }: LogEvent) => event === LOSS && Date.parse(time) >= since;
      return events.findLast(isOne)?.what ?? null;
    });
  }

  /** What the servers have logged last, for people who look for a fault. */
  get logs(): string {
    return this.#servers
      .map((server, index) => `server ${index + 1}: ${server?.errors ?? ''}`)
      .join('\n');
  }

  /** Does what an operator does who cannot bring the acknowledged orders back. */
  async acceptLoss(): Promise<void> {
    const data = shopAddress(this.#layout, 'hosts');
    const command = spawn(...program(['serve', 'accept-loss', '--data', data]));
    let errors = '';
    command.stderr.on('data', (text) => {
      errors += text;
    });
    const [code] = await once(command, 'close');
    if (code !== 0) throw new Error(`inv serve accept-loss exited with ${code}: ${errors}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server?.end('SIGKILL')));
  }

  async #end(index: number, signal: NodeJS.Signals): Promise<number | null> {
    const server = this.#servers[index] ?? null;
    this.#servers[index] = null;
    this.#gates.remove(this.#layout.invPorts[index] as number);
    return server === null ? 0 : (await server.end(signal)).code;
  }
}
