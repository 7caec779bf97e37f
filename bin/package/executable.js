// Puts scripts and a Node into one executable, with pkg's module for Node's own single executables.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { default: sea } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js');

/**
 * Writes the executable `output` for the machine `target` (see targets.js). It starts with the script `main`, carries
 * the files `assets` (paths by name), and the Node in the file `node`, whose version is this process's. `home` is an empty
 * folder for pkg's use.
 */
export async function makeExecutable({
  main,
  assets,
  node,
  target,
  output,
  home,
  isForThisMachine,
}) {
  await putInCache(node, target, join(home, '.pkg-cache/sea'));
  await withHome(home, () =>
    sea(main, {
      targets: [{ ...target.pkg, nodeRange: `node${process.versions.node}`, output }],
      // pkg knows how to call the signing tools of macOS, where they are.
      signature: process.platform === 'darwin',
      seaConfig: {
        disableExperimentalSEAWarning: true,
        useSnapshot: false,
        // SIGUSR1 opens no debugger.
        execArgv: ['--disable-sigusr1'],
        assets,
        useCodeCache: isForThisMachine,
      },
    }),
  );
}

/** Lays out pkg's cache as if it had downloaded and unpacked that Node; then it does neither. */
async function putInCache(node, { pkg: { platform, arch }, file }, cache) {
  const os = { macos: 'darwin' }[platform] ?? platform;
  const name = `node-${process.version}-${os}-${arch}`;
  const unpacked = join(cache, platform === 'win' ? `${name}.exe` : join(name, file));
  const archive = join(cache, `${name}.${platform === 'win' ? 'zip' : 'tar.gz'}`);
  await mkdir(dirname(unpacked), { recursive: true });
  await symlink(node, unpacked);
  for (const path of [`${unpacked}.ok`, archive, `${archive}.ok`]) await writeFile(path, '');
}

/** pkg keeps its cache in the home folder, and nowhere else. */
async function withHome(home, work) {
  const { HOME, USERPROFILE } = process.env;
  Object.assign(process.env, { HOME: home, USERPROFILE: home });
  try {
    await work();
  } finally {
    for (const [name, value] of Object.entries({ HOME, USERPROFILE })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
