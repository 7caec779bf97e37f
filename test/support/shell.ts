import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { program } from './program.ts';

const MARK = '--the-command-has-ended--';

/** One bash session, as a reader has it who copies a document's commands into a terminal one by one. */
export class Shell implements AsyncDisposable {
  readonly #bash: ChildProcess;
  #output = '';
  #waiting: (() => void) | null = null;
  readonly #ended: Promise<void>;

  /** `folder` is the working folder; `inv` is the program under test, first on the PATH. */
  constructor(folder: string, env: NodeJS.ProcessEnv) {
    const [command, args] = program([]);
    const words = [command, ...args].map((word) => `'${word}'`).join(' ');
    mkdirSync(`${folder}/bin`);
    writeFileSync(`${folder}/bin/inv`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    this.#bash = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env: { ...env, PATH: `${folder}/bin:${env.PATH}` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#bash.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      if (this.#output.includes(MARK)) this.#waiting?.();
    });
    this.#ended = new Promise((resolve) => this.#bash.on('close', () => resolve()));
    this.#bash.stdin?.write('exec 2>&1\n');
  }

  /** Returns what `command` printed on both streams. `$?` stays its exit code for the next command. */
  async run(command: string): Promise<string> {
    this.#output = '';
    const done = new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
    // Commands must not read the next command as their input.
    this.#bash.stdin?.write(`{ ${command}\n} </dev/null\n(code=$?; echo '${MARK}'; exit $code)\n`);
    await Promise.race([done, this.#ended]);
    return this.#output.slice(0, this.#output.lastIndexOf(MARK));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bash.kill('SIGKILL');
    await this.#ended;
  }
}
