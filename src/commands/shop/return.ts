import { Args } from '@oclif/core';
import { toLines, toOrderId } from '../../shop/terminal/input.ts';
import { LINE_FLAGS, ORDER_FLAG } from '../../shop/terminal/line-flags.ts';
import { type ReceiptJson, toReceiptJson } from '../../shop/terminal/receipt-json.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopReturn extends ShopCommand {
  static override summary = 'Give back units that you bought, where the shop takes them back';

  static override description = [
    'Only items that the shop takes back, and at most what was bought under that order and did not come ' +
      'back before. The units leave your purchases on this computer.',
    'Exit code 3: refused, nothing was given back. 6: the reply did not come; it is kept, and the ' +
      'next command asks for its outcome.',
    'A return has an id of its own. With --order you name it yourself: sent again under its id, it gives ' +
      'nothing more back.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Give one unit back',
      command: '<%= config.bin %> <%= command.id %> birthday-2026 --upc 1003 --qty 1',
    },
    {
      description: 'Safe to repeat, for a program',
      command:
        '<%= config.bin %> <%= command.id %> birthday-2026 --upc 1003 --qty 1 --order birthday-back --json',
    },
  ];

  static override args = {
    order: Args.string({
      description: 'the order that bought the units (see `inv shop orders`)',
      required: true,
    }),
  };

  static override flags = { ...LINE_FLAGS, ...ORDER_FLAG };

  async run(): Promise<ReceiptJson & { of: string }> {
    const { args, flags } = await this.parse(ShopReturn);
    const of = toOrderId(args.order);
    const lines = toLines(flags.upc, flags.qty);
    const chosen = flags.order === undefined ? null : toOrderId(flags.order);
    const returned = await this.askShop(flags, (shop) => shop.return(of, lines, chosen));
    await this.printDone(async () => {
      if (this.jsonEnabled()) return;
      const { returnListing } = await import('../../shop/terminal/hold-tables.ts');
      await this.show((look) => returnListing(returned, look));
    });
    const { account, order, ...rest } = toReceiptJson(returned);
    return { account, order, of: returned.receipt.of, ...rest };
  }
}
