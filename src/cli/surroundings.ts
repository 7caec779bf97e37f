// Imported for its effect, and before oclif: gives the process what a container may lack. Without a
// passwd entry for the user id, Node cannot tell the home folder or the shell, and oclif (and what
// comes with it) asks for both as soon as it is loaded, whether a command needs them or not.
import { homedir, userInfo } from 'node:os';

if (process.platform !== 'win32') {
  if (!process.env.HOME) {
    // An empty one is what Node would return.
    delete process.env.HOME;
    process.env.HOME = known(homedir) ?? '/';
  }
  if (!process.env.SHELL) process.env.SHELL = known(() => userInfo().shell) ?? '/bin/sh';
}

/** What `ask` returns, or null where it is empty or the system does not know. */
function known(ask: () => string | null): string | null {
  try {
    return ask() || null;
  } catch {
    return null;
  }
}
