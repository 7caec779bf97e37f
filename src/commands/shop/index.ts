import { createInterface } from 'node:readline';
import { usage } from '../../shop/failures.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopIndex extends ShopCommand {
  static override enableJsonFlag = false;

  static override summary =
    'Open the shop: a menu on a terminal, script lines from stdin otherwise';

  static override description = [
    "On a terminal: log in, view the server's inventory and your own, hold, buy, give back, log out.",
    'Without a terminal it reads the same from stdin, a line each, and stops at the first ' +
      'failure with its exit code:',
    [
      '- login USER (the password is the next line)',
      '- inventory',
      '- local',
      '- purchase UPC QTY [UPC QTY …] [order ID]',
      '- hold UPC QTY [UPC QTY …] for 10m [order ID]',
      '- confirm ID, release ID, extend ID for 10m',
      '- holds',
      '- return ID UPC QTY [UPC QTY …] [order ID]',
      '- orders',
      '- logout',
      '- quit (or the end of the input)',
    ].join('\n'),
    'Empty lines and lines that begin with # are passed over. A script whose orders have ids can be run ' +
      'again: it does nothing twice.',
  ].join('\n\n');

  static override examples = [
    { description: 'Open the menu', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Run a script',
      command:
        "printf 'login alice\\nwonderland\\npurchase 1001 2\\nlocal\\n' | <%= config.bin %> <%= command.id %>",
    },
  ];

  async run(): Promise<void> {
    const { flags } = await this.parse(ShopIndex);
    await this.withShop(flags, async (shop) => {
      if (process.stdin.isTTY) {
        if (!process.stdout.isTTY) {
          throw usage(
            'the menu needs a terminal to show itself on; commands such as `inv shop inventory` do not',
          );
        }
        const { runMenu } = await import('../../shop/terminal/menu.ts');
        await runMenu(shop);
      } else {
        const { runScript } = await import('../../shop/terminal/script.ts');
        const lines = createInterface({ input: process.stdin, terminal: false });
        await runScript(shop, lines, (text) => void process.stdout.write(`${text}\n`));
        // Lines after `quit` are nobody's.
        lines.close();
        process.stdin.destroy();
      }
    });
  }
}
