// Not @oclif/plugin-autocomplete: it knows no fish, looks for its files beside the executable, and as
// a plugin makes each start of inv slower (see unknown-command.ts).
import type { Command } from '@oclif/core';
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { type Place, places } from './completion/places.ts';
import { zshScript } from './completion/zsh.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Record<Shell, (bin: string, places: Place[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The completion script of `bin` for that shell. It depends on nothing but these arguments. */
export function completionScript(
  shell: Shell,
  bin: string,
  commands: readonly Command.Cached[],
): string {
  return SCRIPTS[shell](bin, places(commands));
}
