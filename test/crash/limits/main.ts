/** `npm run crash:hostile`: see ../README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HonestClient } from '../fuzz/honest-client.ts';
import { ServerProcess } from '../support/server-process.ts';
import { openableConnections, runCrowd } from './crowd.ts';
import { openFiles, type Running, runDeaf, runGuessing, runOpenClose, runSlow } from './hostile.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    deaf: { type: 'string', default: '60' },
  },
});
