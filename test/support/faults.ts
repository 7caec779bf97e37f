/** Faults of disks, as the operating system makes them: for tests on machines that can. */
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';

export const hasStrace = spawnSync('strace', ['-V']).status === 0;

/**
 * Runs a program to its end under strace, which sees the system calls `trace` (as its option has them) and makes
 * `inject` of one of them. Node's compile cache, which renames files of its own, is off.
 */
export function underStrace(
  {
    trace,
    inject,
    log = '/dev/null',
  }: { trace: string; inject?: string | undefined; log?: string },
  [command, args]: [command: string, args: string[]],
  env: NodeJS.ProcessEnv = process.env,
): SpawnSyncReturns<string> {
  const faults = inject === undefined ? [] : ['-e', `inject=${inject}`];
  return spawnSync(
    'strace',
    // With --seccomp-bpf it would be faster, and count no further than the first call.
    ['-f', '-qq', '-y', '-o', log, '-e', `trace=${trace}`, ...faults, command, ...args],
    { encoding: 'utf8', env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1' } },
  );
}

/**
 * Runs `script` in a process of its own. It has the module of src as `source`, and the paths `folder` and `path`, of
 * shop.db in it. Returns which files of the folder it synced, linked and renamed, in their order, each as `fsync shop.db`;
 * the folder itself has no name there.
 */
export function syncsOf(source: string, script: string, folder: string): string[] {
  const log = `${folder}-calls`;
  const url = new URL(`../../src/${source}`, import.meta.url).href;
  const whole = `import * as source from '${url}'; const [, folder, path] = process.argv; ${script}`;
  const args = ['--input-type=module', '-e', whole, folder, `${folder}/shop.db`];
  const run = underStrace({ trace: SYNCS, log }, [process.execPath, args]);
  if (run.status !== 0) throw new Error(run.stderr);
  const lines = readFileSync(log, 'latin1').split('\n');
  rmSync(log);
  const calls = lines.map((line) =>
    /\b(fsync|fdatasync|link|rename)\((?:\d+<|")([^">]+)/.exec(line),
  );
  return calls.flatMap((call) => {
    const [, name, file] = call ?? [];
    return file?.startsWith(folder) ? [`${name} ${file.slice(folder.length + 1)}`.trim()] : [];
  });
}

const SYNCS = 'fsync,fdatasync,link,rename';

/** Makes a system call of a running process fail, until the end of the scope. Needs strace. */
export class InjectedFault implements AsyncDisposable {
  readonly #strace: ChildProcess;

  private constructor(strace: ChildProcess) {
    this.#strace = strace;
  }

  /** `fault` as strace takes it: `pwrite64:error=EIO`. */
  static async into(pid: number, fault: string): Promise<InjectedFault> {
    const call = fault.slice(0, fault.indexOf(':'));
    const strace = spawn('strace', [
      ...['-f', '-p', String(pid), '-e', `trace=${call}`, '-e', `inject=${fault}`],
    ]);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      strace.stderr.on('data', (chunk) => {
        said += chunk;
        if (said.includes('attached')) resolve();
      });
      strace.on('exit', () => reject(new Error(`strace: ${said}`)));
    });
    return new InjectedFault(strace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return;
    const exited = once(this.#strace, 'exit');
    this.#strace.kill('SIGINT');
    await exited;
  }
}

/** Changes the byte at `offset`; a negative one counts from the end. */
export function flipByte(path: string, offset: number): void {
  const file = openSync(path, 'r+');
  const at = offset < 0 ? fstatSync(file).size + offset : offset;
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x5a;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

/** A file system of its own in memory, so small that it can be filled. Needs root on Linux. */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Null where it cannot be mounted. */
  static mount(path: string, kilobytes: number): SmallDisk | null {
    const options = ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path];
    return spawnSync('mount', options).status === 0 ? new SmallDisk(path) : null;
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['-l', this.path]);
  }
}

/** A file or folder that is seen at a second place. Needs root on Linux. */
export class BindMount implements Disposable {
  readonly #at: string;
  #isMounted = true;

  private constructor(at: string) {
    this.#at = at;
  }

  /** Null where it cannot be mounted. */
  static of(path: string, at: string): BindMount | null {
    return spawnSync('mount', ['--bind', path, at]).status === 0 ? new BindMount(at) : null;
  }

  unmount(): void {
    if (this.#isMounted) spawnSync('umount', ['-l', this.#at]);
    this.#isMounted = false;
  }

  [Symbol.dispose](): void {
    this.unmount();
  }
}
