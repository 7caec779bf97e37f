import type { StockItem } from '../../client/replies.ts';
import { toUpcs } from '../../shop/terminal/input.ts';
import { ITEMS_FLAG } from '../../shop/terminal/line-flags.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopInventory extends ShopCommand {
  static override summary = 'Show what the server sells and how many units are available';

  static override description = [
    'Asks the server, so you must be logged in. On a terminal low stock is yellow and ' +
      'what is sold out is red; the bars compare each item with the one of which there is ' +
      'most.',
  ].join('\n\n');

  static override examples = [
    { description: 'See the stock', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Two items only',
      command: '<%= config.bin %> <%= command.id %> --upc 1001 --upc 1002',
    },
    {
      description: 'For a program',
      command: '<%= config.bin %> <%= command.id %> --json',
    },
  ];

  static override flags = ITEMS_FLAG;

  async run(): Promise<{ items: StockItem[] }> {
    const { flags } = await this.parse(ShopInventory);
    const upcs = toUpcs(flags.upc ?? []);
    const items = await this.askShop(flags, (shop) => shop.inventory(upcs));
    if (!this.jsonEnabled()) {
      const { inventoryListing } = await import('../../shop/terminal/tables.ts');
      await this.show((look) => inventoryListing(items, look));
    }
    return { items };
  }
}
