import { toSeconds } from '../../shop/terminal/duration.ts';
import { type HoldJson, toHoldJson } from '../../shop/terminal/hold-json.ts';
import { MAX_HOLD_LINES, toLines, toOrderId } from '../../shop/terminal/input.ts';
import { FOR_FLAG, LINE_FLAGS, ORDER_FLAG } from '../../shop/terminal/line-flags.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopHold extends ShopCommand {
  static override summary = 'Keep units for a while, before you buy them: all or nothing';

  static override description = [
    'Held units are yours to buy until the time is over, and nobody else can buy them; then they are ' +
      'available again by themselves. `<%= config.bin %> shop confirm ORDER` buys them, ' +
      '`<%= config.bin %> shop release ORDER` lets them go. A hold outlives connections and restarts.',
    'Exit code 3: refused, nothing is held. 5: no server was there, and nothing was ' +
      'sent. 6: the hold was sent and its reply did not come; it is kept, and the next ' +
      'command asks for its outcome.',
    'With --order you name the hold yourself: sent again under its id, it gets its first outcome and ' +
      'holds nothing more.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Keep two units for ten minutes',
      command: '<%= config.bin %> <%= command.id %> --upc 1001 --qty 2 --for 10m',
    },
    {
      description: 'Safe to repeat, for a program',
      command:
        '<%= config.bin %> <%= command.id %> --upc 1003 --qty 1 --for 90s --order cart-17 --json',
    },
  ];

  static override flags = { ...LINE_FLAGS, ...FOR_FLAG, ...ORDER_FLAG };

  async run(): Promise<HoldJson & { account: string }> {
    const { flags } = await this.parse(ShopHold);
    const lines = toLines(flags.upc, flags.qty, MAX_HOLD_LINES);
    const seconds = toSeconds(flags.for);
    const chosen = flags.order === undefined ? null : toOrderId(flags.order);
    const held = await this.askShop(flags, (shop) => shop.hold(lines, seconds, chosen));
    const { order, state } = held.receipt;
    if (!this.jsonEnabled()) {
      await this.printDone(async () => {
        const { holdHint, holdListing } = await import('../../shop/terminal/hold-tables.ts');
        await this.show((look) => holdListing(held, look));
        if (state === 'held') this.log(holdHint(order));
      });
    }
    return { account: held.account, ...toHoldJson(held.receipt) };
  }
}
