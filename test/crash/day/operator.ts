/** The operator at the command line: runs the real `inv serve WORD …`, and can be cut off in the middle. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { environment } from '../../e2e/inv.ts';
import { program } from '../../support/program.ts';

export interface Said {
  /** Null: it was killed. */
  readonly code: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: documents of every shape
  readonly document: any;
  readonly errors: string;
}

export interface Run {
  readonly input?: string;
  /** Ends it with `kill -9` after so many milliseconds, when it is still there. */
  readonly killAfterMs?: number;
}

export class Operator {
  readonly #home: string;
  readonly data: string;
  readonly users: string;

  constructor(home: string, data: string, users: string) {
    this.#home = home;
    this.data = data;
    this.users = users;
  }

  /** `inv serve ARGS --data DATA --json` */
  async onData(args: readonly string[], run: Run = {}, data = this.data): Promise<Said> {
    return await this.#run([...args, '--data', data, '--json'], run);
  }

  /** `inv serve users ARGS --users FILE`, with a password on its standard input. */
  async onUsers(args: readonly string[], password?: string): Promise<void> {
    const input = password === undefined ? {} : { input: `${password}\n` };
    const flags = password === undefined ? [] : ['--password-stdin'];
    const { code, errors } = await this.#run(
      ['users', ...args, '--users', this.users, ...flags],
      input,
    );
    if (code !== 0) throw new Error(`inv serve users ${args.join(' ')} exited ${code}: ${errors}`);
  }

  async #run(args: readonly string[], { input = '', killAfterMs }: Run): Promise<Said> {
    const child = spawn(...program(['serve', ...args]), {
      env: environment(this.#home),
      stdio: 'pipe',
    });
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [code, output, errors] = await Promise.all([
      new Promise<number | null>((resolve, reject) =>
        child.on('error', reject).on('close', resolve),
      ),
      text(child.stdout),
      text(child.stderr),
    ]);
    clearTimeout(timer);
    const document = output.startsWith('{') && code !== null ? JSON.parse(output) : null;
    return { code, document, errors };
  }
}
