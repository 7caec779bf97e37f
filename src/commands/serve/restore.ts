import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { ProgressBar } from '../../cli/terminal/progress-bar.ts';
import { dataAddress, fileName } from '../../operator/data-address.ts';
import { type Restore, restore } from '../../operator/restore.ts';
import { counted } from '../../operator/words.ts';

export default class ServeRestore extends BaseCommand {
  static override summary = 'Put a backup in the place of the data file';

  static override description = [
    'Stop the server first. The backup is checked, the data that is there now is set ' +
      'aside under another name, and a copy of the backup takes its place: as a whole or, ' +
      'when this is cut off, not at all. What was bought after the backup was made is not ' +
      'in it: clients are told that the shop went back.',
    'Exit code 3: a server is using the data file. 1: the backup is damaged or no backup; ' +
      'nothing was changed.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Go back to the backup of Monday',
      command: '<%= config.bin %> <%= command.id %> monday.db --data shop.db',
    },
  ];

  static override enableJsonFlag = true;

  static override args = {
    file: Args.string({ description: 'the backup, which stays as it is', required: true }),
  };

  static override flags = {
    data: Flags.string({
      description: "data file to replace (default: inventory.db in the user's data folder)",
      helpValue: 'FILE',
      env: 'INV_DATA',
    }),
    force: Flags.boolean({ description: 'also a backup whose books do not balance' }),
  };

  async run(): Promise<Restore> {
    const { args, flags } = await this.parse(ServeRestore);
    const address = dataAddress(flags.data, this.config.dataDir);
    const done = await restored(fileName('the backup', args.file), address, flags.force);
    await this.printDone(() => {
      this.log(
        `restored ${done.path} from ${args.file}: ${counted(done.items, 'item')}, ${counted(done.orders, 'order')}`,
      );
      this.log(
        done.aside === null
          ? 'there was no data before'
          : `the data that was there is kept as ${done.aside}; remove it and its companions when you need it no more`,
      );
      this.log(
        'Start the server now. Clients that bought after the backup was made are told that the shop',
      );
      this.log('went back; there, `inv shop verify` shows what differs.');
    });
    return done;
  }
}

async function restored(file: string, address: string, force: boolean): Promise<Restore> {
  using bar = new ProgressBar();
  return await restore(file, address, {
    force,
    onProgress: (stage, done, total) => bar.show(`${stage} ${file}`, done, total),
  });
}
