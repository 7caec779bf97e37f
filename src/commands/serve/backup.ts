import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { ProgressBar } from '../../cli/terminal/progress-bar.ts';
import { type Backup, backUp } from '../../operator/backup.ts';
import { dataAddress, fileName } from '../../operator/data-address.ts';
import { counted } from '../../operator/words.ts';

export default class ServeBackup extends BaseCommand {
  static override summary = 'Copy all data into one file, while the servers run';

  static override description = [
    'The file holds items, orders, logins and the identity of the shop, as they were at ' +
      'one moment. It appears under its name when it is whole, checked and on the disk, and ' +
      'only you can read it. Sales go on meanwhile. `inv serve restore` puts it back; `inv ' +
      'serve copy` brings it into a PostgreSQL database.',
    'Exit code 3: there is something at FILE already. 1: the data could not be copied, or ' +
      'the copy is there but the books of the shop do not balance.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Back up the shop',
      command: '<%= config.bin %> <%= command.id %> monday.db --data shop.db',
    },
  ];

  static override enableJsonFlag = true;

  static override args = {
    file: Args.string({
      description: 'the file to write; it must not be there yet',
      required: true,
    }),
  };

  static override flags = {
    data: Flags.string({
      description:
        "data file (default: inventory.db in the user's data folder), or a PostgreSQL database, postgres://user@host/database",
      helpValue: 'FILE|URL',
      env: 'INV_DATA',
    }),
  };

  async run(): Promise<Backup> {
    const { args, flags } = await this.parse(ServeBackup);
    const address = dataAddress(flags.data, this.config.dataDir);
    const backup = await backedUp(address, fileName('the backup', args.file));
    const { path, items, orders, at } = backup;
    await this.printDone(() => {
      this.log(`backed up to ${path}`);
      this.log(`${counted(items, 'item')}, ${counted(orders, 'order')}, as of ${at}`);
    });
    return backup;
  }
}

async function backedUp(address: string, file: string): Promise<Backup> {
  using bar = new ProgressBar();
  return await backUp(address, file, (stage, done, total) =>
    bar.show(`${stage} ${file}`, done, total),
  );
}
