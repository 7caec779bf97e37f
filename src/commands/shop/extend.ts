import { toSeconds } from '../../shop/terminal/duration.ts';
import { toOrderId } from '../../shop/terminal/input.ts';
import { FOR_FLAG, HOLD_ARGUMENT } from '../../shop/terminal/line-flags.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopExtend extends ShopCommand {
  static override summary = 'Keep what you hold for longer';

  static override description = [
    'The hold lasts for so long from now, and never shorter than before. Exit code 3: it has ended, or ' +
      'there is none of that id.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Another ten minutes from now',
      command: '<%= config.bin %> <%= command.id %> cart-17 --for 10m',
    },
  ];

  static override args = HOLD_ARGUMENT;

  static override flags = FOR_FLAG;

  async run(): Promise<{ account: string; order: string; until: string }> {
    const { args, flags } = await this.parse(ShopExtend);
    const order = toOrderId(args.order);
    const seconds = toSeconds(flags.for);
    const extended = await this.askShop(flags, (shop) => shop.extend(order, seconds));
    await this.printDone(async () => {
      const { extendedSentence } = await import('../../shop/terminal/hold-tables.ts');
      this.log(extendedSentence(extended));
    });
    return { account: extended.account, order, until: new Date(extended.until).toISOString() };
  }
}
