import { Flags } from '@oclif/core';
import type { ReceiptLine } from '../../client/replies.ts';
import { toLines, toOrderId } from '../../shop/terminal/input.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

interface ReceiptJson {
  account: string;
  order: string;
  at: string;
  replayed: boolean;
  lines: readonly ReceiptLine[];
}

export default class ShopPurchase extends ShopCommand {
  static override summary = 'Buy units of one or more items, all or nothing';

  static override description = [
    `The order is written to this machine's disk before it is sent, and what was bought ` +
      `is added to your purchases on this computer (\`<%= config.bin %> shop local\`).`,
    'Exit code 3: refused, nothing was bought. 5: no server was there, and nothing was ' +
      'sent. 6: the order was sent and its answer did not come; it is kept, and the next ' +
      'command asks for its outcome.',
    'With --order you name the order yourself. An order that is sent again under its id ' +
      'gets its first outcome and buys nothing more, so a script can repeat the same ' +
      'command until it knows.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Buy two units',
      command: '<%= config.bin %> <%= command.id %> --upc 1001 --qty 2',
    },
    {
      description: 'Two items in one order: both or none',
      command: '<%= config.bin %> <%= command.id %> --upc 1001 --qty 2 --upc 1002 --qty 1',
    },
    {
      description: 'Safe to repeat, for a program',
      command:
        '<%= config.bin %> <%= command.id %> --upc 1003 --qty 1 --order birthday-2026 --json',
    },
  ];

  static override flags = {
    upc: Flags.string({
      summary: 'item number; repeat --upc and --qty for more items',
      helpValue: 'UPC',
      required: true,
      multiple: true,
      multipleNonGreedy: true,
    }),
    qty: Flags.string({
      summary: 'how many units; the first --qty is for the first --upc, and so on',
      helpValue: 'UNITS',
      required: true,
      multiple: true,
      multipleNonGreedy: true,
    }),
    order: Flags.string({
      summary: 'an id of your own: 1 to 64 printable characters without spaces',
      helpValue: 'ID',
    }),
  };

  async run(): Promise<ReceiptJson> {
    const { flags } = await this.parse(ShopPurchase);
    const lines = toLines(flags.upc, flags.qty);
    const order = flags.order === undefined ? null : toOrderId(flags.order);
    const bought = await this.askShop(flags, (shop) => shop.purchase(lines, order));
    if (!this.jsonEnabled()) {
      await this.printDone(async () => {
        const { receiptListing } = await import('../../shop/terminal/tables.ts');
        await this.show((look) => receiptListing(bought, look));
      });
    }
    const { order: id, at, replayed, lines: left } = bought.receipt;
    const time = new Date(at).toISOString();
    return { account: bought.account, order: id, at: time, replayed, lines: left };
  }
}
