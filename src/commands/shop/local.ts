import type { LocalItem } from '../../shop/state/state.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopLocal extends ShopCommand {
  static override summary = 'Show what you have bought from here';

  static override description = [
    'Your purchases (from this computer), also called the local inventory: everything that the server sold through this client to ' +
      'the user of the last login, kept on this machine. It needs no server, and is still ' +
      'there after a logout.',
  ].join('\n\n');

  static override examples = [
    { description: 'See what you own', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'For a program', command: '<%= config.bin %> <%= command.id %> --json' },
  ];

  async run(): Promise<{ account: string; items: LocalItem[] }> {
    const { flags } = await this.parse(ShopLocal);
    const holdings = await this.askShop(flags, (shop) => shop.local());
    if (!this.jsonEnabled()) {
      const { localListing } = await import('../../shop/terminal/tables.ts');
      await this.show((look) => localListing(holdings, look));
    }
    const items = holdings.items.map(({ upc, name, code, units }) => ({ upc, name, code, units }));
    return { account: holdings.account, items };
  }
}
