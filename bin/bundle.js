// Makes dist/inv.cjs of dist, which must be built: the one file that bin/run.js starts from.
import { dirname, join } from 'node:path';
import { bundle } from './package/bundle.js';

const root = dirname(import.meta.dirname);
await bundle(root, join(root, 'dist/inv.cjs'));
