import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { completionScript, SHELLS, type Shell } from '../cli/completion.ts';

export default class Completion extends BaseCommand {
  static override summary = 'Print a script that completes inv commands and options in your shell';

  static override description =
    `The script is complete in itself: it does not run inv while you type.

To install it:
  bash  add to ~/.bashrc:   source <(inv completion bash)
  zsh   add to ~/.zshrc, after compinit:   source <(inv completion zsh)
  fish  run once:   inv completion fish > ~/.config/fish/completions/inv.fish

After an update of inv, run it again (bash and zsh do so in every new shell).`;

  static override examples = [
    {
      description: 'See the script for bash',
      command: '<%= config.bin %> <%= command.id %> bash',
    },
    {
      description: 'Use it in this bash or zsh session',
      command: 'source <(<%= config.bin %> <%= command.id %> bash)',
    },
  ];

  static override args = {
    shell: Args.string({ description: 'your shell', options: SHELLS, required: true }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    this.log(completionScript(args.shell as Shell, this.config.bin, this.config.commands));
  }
}
