import { Flags } from '@oclif/core';
import { ListCommand } from '../../operator/list-command.ts';
import { salesList } from '../../operator/lists.ts';
import { toTime, toUpc, usageFailure } from '../../operator/words.ts';
import { prepareName } from '../../user-name.ts';

export default class ServeSales extends ListCommand {
  static override summary = 'Show what was bought and returned, of all users';

  static override description = [
    "By user, and each user's by order id, which for most orders is the order of time. " +
      'Times are UTC; an order belongs to the time from --since on and before --until, so ' +
      'that days follow each other without a gap: --since 2026-11-25 --until 2026-11-26 is ' +
      'one day; a hold belongs to the time at which it was bought. With --csv each line of an order is a line.',
    '--csv and --json are written as the orders are read, however many there are. Orders ' +
      'that are bought meanwhile may be among them; with --until in the past the list is ' +
      'always the same.',
  ].join('\n\n');

  static override examples = [
    {
      description: "A day's sales for a spreadsheet",
      command:
        '<%= config.bin %> <%= command.id %> --since 2026-11-25 --until 2026-11-26 --csv > day.csv',
    },
    {
      description: 'What one user asked for, refused orders too',
      command: '<%= config.bin %> <%= command.id %> --user alice --refused',
    },
  ];

  static override flags = {
    since: Flags.string({
      summary: 'only orders from this time on: a date or a time, UTC unless it says otherwise',
      helpValue: 'TIME',
    }),
    until: Flags.string({ summary: 'only orders before this time', helpValue: 'TIME' }),
    user: Flags.string({ summary: "only this user's", helpValue: 'NAME' }),
    upc: Flags.string({ summary: 'only orders with this item', helpValue: 'UPC' }),
    refused: Flags.boolean({ summary: 'refused orders too' }),
    holds: Flags.boolean({
      summary: 'holds too that are live, or have ended without being bought',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ServeSales);
    const { refused, holds } = flags;
    const user = flags.user === undefined ? undefined : prepareName(flags.user);
    const upc = flags.upc === undefined ? undefined : toUpc(flags.upc);
    const since = flags.since === undefined ? undefined : toTime('--since', flags.since);
    const until = flags.until === undefined ? undefined : toTime('--until', flags.until);
    if (since !== undefined && until !== undefined && since > until) {
      throw usageFailure('--since is after --until');
    }
    await this.withData(flags, async (data) =>
      this.printList(
        salesList(upc, await data.now(), await data.codes()),
        data.orders({ since, until, user, upc, refused, holds }),
        flags,
      ),
    );
  }
}
