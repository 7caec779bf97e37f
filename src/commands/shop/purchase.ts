import { toLines, toOrderId } from '../../shop/terminal/input.ts';
import { LINE_FLAGS, ORDER_FLAG } from '../../shop/terminal/line-flags.ts';
import { type ReceiptJson, toReceiptJson } from '../../shop/terminal/receipt-json.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopPurchase extends ShopCommand {
  static override summary = 'Buy units of one or more items, all or nothing';

  static override description = [
    `The order is written to this machine's disk before it is sent, and what was bought ` +
      `is added to your purchases on this computer (\`<%= config.bin %> shop local\`).`,
    'Exit code 3: refused, nothing was bought. 5: no server was there, and nothing was ' +
      'sent. 6: the order was sent and its reply did not come; it is kept, and the next ' +
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

  static override flags = { ...LINE_FLAGS, ...ORDER_FLAG };

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
    return toReceiptJson(bought);
  }
}
