import { toOrderId } from '../../shop/terminal/input.ts';
import { HOLD_ARGUMENT } from '../../shop/terminal/line-flags.ts';
import { type ReceiptJson, toReceiptJson } from '../../shop/terminal/receipt-json.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopConfirm extends ShopCommand {
  static override summary = 'Buy what you hold';

  static override description = [
    'Buys all units of a hold, and adds them to your purchases on this computer. Confirmed again, it ' +
      'buys nothing more, and says so.',
    'Exit code 3: the hold has ended (expired or released), or there is none of that id; nothing was ' +
      'bought. 6: the reply did not come; it is kept, and the next command asks for its outcome.',
  ].join('\n\n');

  static override examples = [
    { description: 'Buy it', command: '<%= config.bin %> <%= command.id %> cart-17' },
    {
      description: 'For a program',
      command: '<%= config.bin %> <%= command.id %> cart-17 --json',
    },
  ];

  static override args = HOLD_ARGUMENT;

  async run(): Promise<ReceiptJson> {
    const { args, flags } = await this.parse(ShopConfirm);
    const order = toOrderId(args.order);
    const bought = await this.askShop(flags, (shop) => shop.confirm(order));
    await this.printDone(async () => {
      if (this.jsonEnabled()) return;
      const { receiptListing } = await import('../../shop/terminal/tables.ts');
      await this.show((look) => receiptListing(bought, look));
    });
    return toReceiptJson(bought);
  }
}
