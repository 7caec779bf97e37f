import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { ProgressBar } from '../../cli/terminal/progress-bar.ts';
import type { DatabaseCopy } from '../../operator/copy.ts';
import { dataAddress, orFailure } from '../../operator/data-address.ts';
import { counted } from '../../operator/words.ts';
import { isPostgresAddress } from '../../stores/postgres/connection/postgres-url.ts';

export default class ServeCopy extends BaseCommand {
  static override summary = 'Move a shop from a data file into an empty PostgreSQL database';

  static override description = [
    'Stop the server first. Everything is copied in one transaction: items, orders, ' +
      'logins and the identity of the shop, so that clients stay logged in and orders keep ' +
      'their outcomes. From then on the file is not served any more. FILE may be a backup ' +
      'too.',
    'Exit code 3: a server is using the file, or there is a shop in the database already. ' +
      '1: either cannot be used. Nothing was changed then.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Move a shop',
      command:
        '<%= config.bin %> <%= command.id %> --data shop.db --to postgres://inv@db.example/inv',
    },
  ];

  static override enableJsonFlag = true;

  static override flags = {
    data: Flags.string({
      description: "data file to copy (default: inventory.db in the user's data folder)",
      helpValue: 'FILE',
      env: 'INV_DATA',
    }),
    to: Flags.string({
      description: 'the PostgreSQL database, postgres://user@host/database; it must be empty',
      helpValue: 'URL',
      required: true,
    }),
  };

  async run(): Promise<DatabaseCopy> {
    const { flags } = await this.parse(ServeCopy);
    const path = dataAddress(flags.data, this.config.dataDir);
    if (isPostgresAddress(path)) {
      throw usage(
        '--data: name a data file; a database is copied with pg_dump, or with inv serve backup',
      );
    }
    if (!isPostgresAddress(flags.to)) {
      throw usage('--to: name a PostgreSQL database, postgres://user@host/database');
    }
    const copy = await copied(path, flags.to);
    await this.printDone(() => {
      const { stock = 0, orders = 0, logins = 0 } = copy.rows;
      const rows = [counted(stock, 'item'), counted(orders, 'order'), counted(logins, 'login')];
      this.log(`copied ${copy.from} to ${copy.to}: ${rows.join(', ')}`);
      this.log(`Serve it from there: inv serve --data ${copy.to}`);
      this.log('The file is marked, and is not served any more. Keep it until you are sure.');
    });
    return copy;
  }
}

async function copied(path: string, address: string): Promise<DatabaseCopy> {
  const { copyToDatabase } = await import('../../operator/copy.ts');
  using bar = new ProgressBar();
  return await orFailure(() =>
    copyToDatabase(path, address, (done, total) => bar.show('copying', done, total)),
  );
}

function usage(sentence: string): CommandFailure {
  return new CommandFailure(sentence, 'USAGE', ExitCode.usage);
}
