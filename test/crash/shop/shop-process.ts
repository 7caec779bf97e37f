/** `inv shop …` as a process of its own, with a config directory of the test's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { program } from '../../support/program.ts';
import { PASSWORDS } from '../support/wire-client.ts';

export interface Ended {
  /** Null when it was killed. */
  readonly code: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: each command prints a document of its own shape
  readonly json: any;
  readonly stderr: string;
}

/** A customer's machine: who uses the same folder is the same customer. */
export class Customer {
  readonly #folder: string;
  readonly #port: number;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** Starts `inv shop <args> --json`. */
  start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const { FORCE_COLOR, NODE_ENV, ...env } = process.env;
    const where = ['--host', '127.0.0.1', '--port', String(this.#port), '--json'];
    const child = spawn(...program(['shop', ...args, ...where]), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, XDG_CONFIG_HOME: this.#folder, INV_PASSWORD: PASSWORDS.alice },
    });
    const closed = once(child, 'close');
    const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]).then(
      ([[code], stdout, stderr]) => ({ code, json: parsed(stdout), stderr }),
    );
    return { child, ended };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }
}

function parsed(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}
