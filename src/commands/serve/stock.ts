import { Flags } from '@oclif/core';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { inParts, ListCommand } from '../../operator/list-command.ts';
import { itemBooks, STOCK } from '../../operator/lists.ts';
import { toUpc } from '../../operator/words.ts';

export default class ServeStock extends ListCommand {
  static override summary = 'Show what was supplied and sold of each item, and what is available';

  static override description =
    'Every item of the data, also what the catalogue has no more. Units are all that were ' +
    'ever supplied: they are available, held, or sold and not returned. Works while servers ' +
    'sell, and while none runs.';

  static override examples = [
    { description: 'The whole stock', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Two items of another data file, for a spreadsheet',
      command: '<%= config.bin %> <%= command.id %> --data shop.db --upc 1001 --upc 1002 --csv',
    },
  ];

  static override flags = {
    upc: Flags.string({
      summary: 'only this item; repeat --upc for more items',
      helpValue: 'UPC',
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ServeStock);
    const upcs = new Set((flags.upc ?? []).map(toUpc));
    const items = await this.withData(flags, (data) => data.items());
    const found = items.filter(({ upc }) => upcs.size === 0 || upcs.has(upc));
    if (found.length < upcs.size) {
      const known = new Set(found.map(({ upc }) => upc));
      const unknown = [...upcs].filter((upc) => !known.has(upc));
      throw new CommandFailure(`no such UPC: ${unknown.join(', ')}`, 'NOITEM', ExitCode.refused);
    }
    await this.printList(STOCK, inParts(found.map(itemBooks)), flags);
  }
}
