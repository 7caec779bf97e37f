import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** The text of a CommonJS module as a function of what such a module is given. */
export function moduleText(code) {
  return `(function (exports, require, module, __filename, __dirname) {${code}\n})`;
}

/**
 * Runs the `text` of a module (see `moduleText`) as if it were the file `filename`, and returns V8's script. It can load what
 * Node brings along, and nothing else. `cachedData` is what the script's createCachedData returned when the same text had run:
 * V8 need not compile that again. It checks it, and compiles everything where it was made by another V8.
 */
export function runScript(text, filename, cachedData) {
  const script = new Script(text, { filename, cachedData });
  const module = { exports: {} };
  const run = script.runInThisContext();
  run.call(module.exports, module.exports, require, module, filename, dirname(filename));
  return script;
}

function require(name) {
  const module = process.getBuiltinModule(name);
  if (module !== undefined) return module;
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
}
