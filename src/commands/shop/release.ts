import { toOrderId } from '../../shop/terminal/input.ts';
import { HOLD_ARGUMENT } from '../../shop/terminal/line-flags.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopRelease extends ShopCommand {
  static override summary = 'Let go of what you hold: the units are available again';

  static override description = [
    'A hold that was released before, or has expired, is no failure. Exit code 3: it was bought ' +
      '(`<%= config.bin %> shop return` gives units back where the shop takes them), or there is none of that id.',
  ].join('\n\n');

  static override examples = [
    { description: 'Let go', command: '<%= config.bin %> <%= command.id %> cart-17' },
  ];

  static override args = HOLD_ARGUMENT;

  async run(): Promise<{ account: string; order: string; released: true }> {
    const { args, flags } = await this.parse(ShopRelease);
    const order = toOrderId(args.order);
    const account = await this.askShop(flags, (shop) => shop.release(order));
    await this.printDone(async () => {
      const { releasedSentence } = await import('../../shop/terminal/hold-tables.ts');
      this.log(releasedSentence(order));
    });
    return { account, order, released: true };
  }
}
