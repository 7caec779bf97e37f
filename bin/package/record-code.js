// node record-code.js text cache [argument …]
// Runs the bundle in the file `text` with these arguments, and writes V8's compiled code of it into the file
// `cache`. Where that is there already, it is added to.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { runScript } from './run-script.js';

const [, , text, cache, ...args] = process.argv;
process.argv = [process.execPath, text, ...args];

let script;
process.on('exit', () => writeFileSync(cache, script.createCachedData()));
const earlier = existsSync(cache) ? readFileSync(cache) : undefined;
script = runScript(readFileSync(text, 'latin1'), text, earlier);
if (script.cachedDataRejected) throw new Error('V8 does not take the code that it made itself');
