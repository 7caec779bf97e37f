import { existsSync } from 'node:fs';
import { version as build, release } from 'node:os';

/**
 * Prints what oclif prints for `inv --version`, and returns whether it did. Scripts ask for the
 * version often; loading oclif to answer takes three times as long as starting Node.
 */
export function printVersion(
  argv: readonly string[],
  { name, version }: { name: string; version: string },
): boolean {
  const isAsked = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v');
  if (!isAsked || mayBeWsl() || process.env.DEBUG) return false;
  process.stdout.on('error', async (error) => {
    // Loaded only now: it would take a tenth of the time that this needs.
    const { outputLost } = await import('./output-guard.ts');
    outputLost(process.stdout, error);
  });
  const { platform, arch } = process;
  process.stdout.write(`${name}/${version} ${platform}-${arch} node-${process.version}\n`);
  return true;
}

/** Linux under Windows, which oclif tells apart. */
function mayBeWsl(): boolean {
  if (process.platform !== 'linux') return false;
  const signs = ['/proc/sys/fs/binfmt_misc/WSLInterop', '/run/WSL'];
  return /microsoft/i.test(release() + build()) || signs.some((path) => existsSync(path));
}
