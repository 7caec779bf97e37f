/** A program that the campaign runs, as an ordinary user, and can kill, freeze and thaw with all its children. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** The user and group that a program runs as; nobody where root starts it, and the same user elsewhere. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export function accountOf(user: string): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string) => Number(execFileSync('id', [option, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The environment of a program, which is at home in `folder`: nothing of the caller's but where programs are found. */
export function environmentIn(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', PYTHONUNBUFFERED: '1' };
}

/** What is still running when this process ends, for whatever reason, ends with it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const { pid } of running) if (pid !== undefined) signalTree(pid, 'SIGKILL');
});

export class Daemon {
  readonly #command: readonly string[];
  readonly #options: { cwd: string; log: string; account: Account };
  #child: ChildProcess | null = null;

  /** `log` is the file that takes what it writes. */
  constructor(command: readonly string[], options: { cwd: string; log: string; account: Account }) {
    this.#command = command;
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    if (this.#child !== null) return;
    const { cwd, log, account } = this.#options;
    const [program = '', ...args] = this.#command;
    const file = openSync(log, 'a');
    const child = spawn(program, args, {
      ...account,
      cwd,
      stdio: ['ignore', file, file],
      env: environmentIn(cwd),
    });
    closeSync(file);
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
  }

  /** With all its children. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.pid !== null) signalTree(this.pid, signal);
  }

  /** The program and its children; with what it started as a daemon of its own, as far as that is a child. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    signalTree(child.pid, 'SIGKILL');
    await exited;
  }
}

/** A process and all that descend from it, the eldest first: so frozen, none of them starts another one. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of [pid, ...descendantsOf(pid)]) {
    try {
      process.kill(one, signal);
    } catch {
      // It has ended.
    }
  }
}

function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // After the name in parentheses, which may hold anything: the state, then the parent.
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended.
    }
  }
  const found: number[] = [];
  const ahead = [pid];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const own = children.get(next) ?? [];
    found.push(...own);
    ahead.push(...own);
  }
  return found;
}
