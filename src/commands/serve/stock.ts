import { Flags } from '@oclif/core';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import type { ItemLevel } from '../../inventory/restock.ts';
import { inParts, ListCommand } from '../../operator/list-command.ts';
import { itemBooks, STOCK } from '../../operator/lists.ts';
import { toUpc } from '../../operator/words.ts';

export default class ServeStock extends ListCommand {
  static override summary = 'Show what was supplied and sold of each item, and what is available';

  static override description =
    'Every item of the data, also what the catalogue has no more. Units are all that were ' +
    'ever supplied: they are available, held, or sold and not returned. Works while servers ' +
    'sell, and while none runs. Exit code 1 with --csv: the row of an item cannot be read, which ' +
    'a table and JSON say beside it.';

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
      throw new CommandFailure(
        `no such UPC: ${unknown.join(', ')}; see inv serve stock`,
        'NOITEM',
        ExitCode.refused,
      );
    }
    await this.printList(STOCK, inParts(found.map(itemBooks)), flags);
    if (flags.csv) refuseFaulty(found);
  }
}

/** CSV has no place for what a table and JSON say beside the figures of an item: that its row cannot be read. */
function refuseFaulty(items: readonly ItemLevel[]): void {
  const faulty = items.filter(({ fault }) => fault !== undefined);
  if (faulty.length === 0) return;
  const named = faulty
    .slice(0, MAX_NAMED)
    .map(({ upc, code, fault }) => `UPC ${code ?? upc}: ${fault}`);
  if (faulty.length > MAX_NAMED) named.push(`and ${faulty.length - MAX_NAMED} more`);
  throw new CommandFailure(
    `what is printed as zeros cannot be read: ${named.join('; ')}. See inv serve verify`,
    'DATA',
    ExitCode.fault,
  );
}

/** Items that are named. */
const MAX_NAMED = 5;
