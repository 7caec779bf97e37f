import { Flags } from '@oclif/core';
import { ExitCode } from '../../cli/command-failure.ts';
import { toOrderId } from '../../shop/terminal/input.ts';
import { type ServerFlags, ShopCommand } from '../../shop/terminal/shop-command.ts';
import type { Verification } from '../../shop/verify.ts';

type VerifyJson = Verification | { dropped: string; already?: true };

export default class ShopVerify extends ShopCommand {
  static override summary = "Compare your purchases on this computer with the server's orders";

  static override description = [
    'Adds up every order of the user on the server. The two differ when the server went back ' +
      'to an older backup, when the local file was lost, or when the user bought from another ' +
      'machine, too. Exit code 1: they differ.',
    '--repair makes them what the server says. --drop forgets an order whose ' +
      'outcome is open, without asking for it: for one that was sent to a shop that is no more. It is an order ' +
      'of the user of the last login, or of --user, logged in or not.',
  ].join('\n\n');

  static override examples = [
    { description: 'Compare', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Take over what the server says',
      command: '<%= config.bin %> <%= command.id %> --repair',
    },
  ];

  static override flags = {
    repair: Flags.boolean({
      summary: 'make your purchases on this computer what the server says',
      exclusive: ['drop'],
    }),
    drop: Flags.string({
      summary: 'forget this open order, whatever became of it',
      helpValue: 'ID',
    }),
  };

  async run(): Promise<VerifyJson> {
    const { flags } = await this.parse(ShopVerify);
    if (flags.drop !== undefined) return this.#drop(flags, toOrderId(flags.drop));
    const found = await this.askShop(flags, (shop) => shop.verify(flags.repair));
    if (!found.ok) process.exitCode = ExitCode.fault;
    await this.printDone(async () => {
      if (this.jsonEnabled()) return;
      const { verificationListing } = await import('../../shop/terminal/account-tables.ts');
      await this.show((look) => verificationListing(found, look));
    });
    return found;
  }

  async #drop(flags: ServerFlags, order: string): Promise<VerifyJson> {
    const account = await this.askShop(flags, (shop) => shop.drop(order));
    const isOpen = account !== null;
    await this.printDone(() =>
      this.log(
        isOpen ? `Order ${order} of ${account} is forgotten.` : `Order ${order} is not open.`,
      ),
    );
    return { dropped: order, ...(!isOpen && { already: true }) };
  }
}
