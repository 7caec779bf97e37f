import { type HoldJson, toHoldJson } from '../../shop/terminal/hold-json.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopHolds extends ShopCommand {
  static override summary = 'Show what you hold, and for how long';

  static override description = [
    "The server's list of your live holds, from wherever you made them; what ends first comes first.",
  ].join('\n\n');

  static override examples = [
    { description: 'See your holds', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'For a program', command: '<%= config.bin %> <%= command.id %> --json' },
  ];

  async run(): Promise<{ account: string; holds: HoldJson[] }> {
    const { flags } = await this.parse(ShopHolds);
    const { account, holds } = await this.askShop(flags, (shop) => shop.holds());
    if (!this.jsonEnabled()) {
      const { holdsListing } = await import('../../shop/terminal/hold-tables.ts');
      await this.show((look) => holdsListing(holds, look));
    }
    return { account, holds: holds.map(({ receipt }) => toHoldJson(receipt)) };
  }
}
