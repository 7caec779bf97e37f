import { Flags } from '@oclif/core';
import { ListCommand } from '../../operator/list-command.ts';
import { restocksList } from '../../operator/lists.ts';
import { toTime, toUpc } from '../../operator/words.ts';

export default class ServeRestocks extends ListCommand {
  static override summary = 'Show the restocks: what came or went, when, why, and by whom';

  static override description = 'Oldest first. Times are UTC.';

  static override examples = [
    { description: 'All restocks', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Those of one item in this month',
      command: '<%= config.bin %> <%= command.id %> --upc 1001 --since 2026-11-01',
    },
  ];

  static override flags = {
    upc: Flags.string({ summary: 'only those of this item', helpValue: 'UPC' }),
    since: Flags.string({
      summary: 'only those from this time on: a date or a time, UTC unless it says otherwise',
      helpValue: 'TIME',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ServeRestocks);
    const filter = {
      upc: flags.upc === undefined ? undefined : toUpc(flags.upc),
      since: flags.since === undefined ? undefined : toTime('--since', flags.since),
    };
    await this.withData(flags, async (data) => {
      const list = restocksList(await data.codes());
      await this.printList(list, data.restocks(filter), flags);
    });
  }
}
