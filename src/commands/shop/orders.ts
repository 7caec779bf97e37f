import { Flags } from '@oclif/core';
import type { OrderState, ReceiptLine } from '../../client/order-replies.ts';
import { DEFAULT_ORDERS_COUNT, MAX_ORDERS_COUNT } from '../../protocol/limits.ts';
import { toOrderId, toOrdersCount } from '../../shop/terminal/input.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

interface OrderJson {
  order: string;
  at: string;
  state: OrderState;
  lines: readonly ReceiptLine[];
  refusal: string | null;
  /** Of a hold: until when it is, or was, kept. */
  until?: string;
  /** Of a hold: when it was bought or released. */
  ended?: string;
  /** Of a return: the order that bought the units. */
  of?: string;
}

export default class ShopOrders extends ShopCommand {
  static override summary = 'Show your orders, newest first';

  static override description = [
    `The server's list of what you ordered, from wherever you did: bought and refused, held and ` +
      'given back. A page at a time: --before with the last order of a page shows the next one.',
  ].join('\n\n');

  static override examples = [
    { description: 'See your latest orders', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'The latest three, for a program',
      command: '<%= config.bin %> <%= command.id %> --count 3 --json',
    },
  ];

  static override flags = {
    count: Flags.string({
      summary: `how many, at most ${MAX_ORDERS_COUNT}`,
      helpValue: 'N',
      default: String(DEFAULT_ORDERS_COUNT),
    }),
    before: Flags.string({ summary: 'only orders older than this one', helpValue: 'ID' }),
  };

  async run(): Promise<{ account: string | null; orders: OrderJson[] }> {
    const { flags } = await this.parse(ShopOrders);
    const count = toOrdersCount(flags.count);
    const before = flags.before === undefined ? null : toOrderId(flags.before);
    const { account, orders, items } = await this.askShop(flags, async (shop) => {
      const orders = await shop.orders(count, before);
      return {
        orders,
        items: this.jsonEnabled() ? [] : await shop.itemsOf(orders),
        account: (await shop.loggedIn())?.account ?? null,
      };
    });
    if (!this.jsonEnabled()) {
      const { ordersListing } = await import('../../shop/terminal/tables.ts');
      await this.show((look) => ordersListing(orders, look, items));
    }
    return {
      account,
      orders: orders.map((one) => ({
        order: one.order,
        at: new Date(one.at).toISOString(),
        state: one.state,
        lines: one.lines,
        refusal: one.refusal,
        ...(one.until !== undefined && { until: new Date(one.until).toISOString() }),
        ...(one.ended !== undefined && { ended: new Date(one.ended).toISOString() }),
        ...(one.of !== undefined && { of: one.of }),
      })),
    };
  }
}
