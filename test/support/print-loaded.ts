// For `node --import`: prints on stderr, at the end, the files that the process loaded.
import { registerHooks } from 'node:module';

const loaded = new Set<string>();

registerHooks({
  load(url, context, nextLoad) {
    loaded.add(url);
    return nextLoad(url, context);
  },
});

process.on('exit', () => {
  process.stderr.write([...loaded].join('\n'));
});
