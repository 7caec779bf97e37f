import type { StockItem } from '../../client/replies.ts';
import { outputColumns, ShopCommand } from '../../shop/terminal/shop-command.ts';

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
      description: 'For a program',
      command: '<%= config.bin %> <%= command.id %> --json',
    },
  ];

  async run(): Promise<{ items: StockItem[] }> {
    const { flags } = await this.parse(ShopInventory);
    const items = await this.withShop(flags, (shop) => shop.inventory());
    if (!this.jsonEnabled()) {
      const { inventoryTable } = await import('../../shop/terminal/tables.ts');
      this.log(inventoryTable(items, outputColumns()));
    }
    return { items };
  }
}
