import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { program } from '../support/program.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  /** What goes to stdin; it ends after it. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment of a user whose files are in `home`, and who has set nothing else. */
export function environment(home: string): NodeJS.ProcessEnv {
  // CI among them: chalk uses no colour where it is set.
  const { CI, DEBUG, FORCE_COLOR, NODE_ENV, NO_COLOR, INV_HOST, INV_PASSWORD, INV_PORT, ...env } =
    process.env;
  const { INV_PLAIN, INV_TLS, INV_TLS_CA, LC_ALL, LC_CTYPE, ...rest } = env;
  const folders = { XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home };
  return { ...rest, LANG: 'C.UTF-8', TERM: 'xterm', HOME: home, ...folders };
}

/** The real `inv`, for one user with their files in `home`, talking to the server at `port`. */
export class Inv {
  readonly home: string;
  port: number;

  constructor(home: string, port: number) {
    this.home = home;
    this.port = port;
  }

  /** Runs `inv …` to its end. */
  async run(args: readonly string[], { input = '', env = {} }: Run = {}): Promise<Ended> {
    const child = spawn(...program(args), {
      env: {
        ...environment(this.home),
        INV_HOST: '127.0.0.1',
        INV_PORT: String(this.port),
        ...env,
      },
      stdio: 'pipe',
    });
    // A command that does not read its stdin may be gone before it is written.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [code, stdout, stderr] = await Promise.all([
      new Promise<number | null>((resolve, reject) =>
        child.on('error', reject).on('close', resolve),
      ),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stdout, stderr };
  }

  /** Runs `inv shop … --json` and reads what it prints. */
  async json(
    args: readonly string[],
    run?: Run,
  ): Promise<{ code: number | null; json: unknown; stderr: string }> {
    const { code, stdout, stderr } = await this.run(['shop', ...args, '--json'], run);
    return { code, json: JSON.parse(stdout), stderr };
  }

  async login(user = 'alice', password = 'wonderland'): Promise<void> {
    const ended = await this.run(['shop', 'login', '--user', user, '--password-stdin'], {
      input: `${password}\n`,
    });
    if (ended.code !== 0) throw new Error(`no login: ${ended.stderr}`);
  }
}
