import { Flags } from '@oclif/core';
import { findPassword, findUser } from '../../shop/terminal/credentials.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';
import { waitingFor } from '../../shop/terminal/waiting.ts';

export default class ShopLogin extends ShopCommand {
  static override summary = 'Log in to a server';

  static override description = [
    'The login stays until you log out: later commands use it, also after the server or ' +
      'this machine was restarted. Logging in as another user switches to that user; the login ' +
      'before stays, and --user with any command acts for it.',
    'The password is asked for on a terminal; a script gives it as the first line of ' +
      'stdin (--password-stdin) or in INV_PASSWORD. It is not kept: the login is a token, ' +
      'in a file that only you can read.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Log in; the password is asked for',
      command: '<%= config.bin %> <%= command.id %> --user alice',
    },
    {
      description: 'In a script',
      command:
        'echo wonderland | <%= config.bin %> <%= command.id %> --user alice --password-stdin',
    },
  ];

  static override flags = {
    user: Flags.string({
      summary: 'who you are; asked for on a terminal',
      helpValue: 'NAME',
    }),
    'password-stdin': Flags.boolean({ summary: 'read the password from the first line of stdin' }),
  };

  async run(): Promise<{ account: string; since: string }> {
    const { flags } = await this.parse(ShopLogin);
    return this.withShop(flags, async (shop) => {
      const user = await findUser(flags.user, () => waitingFor(shop.reach()));
      const password = await findPassword({
        stdin: flags['password-stdin'],
        environment: process.env.INV_PASSWORD,
        beforeAsking: () => waitingFor(shop.reach()),
      });
      const { account, since } = await waitingFor(shop.login(user, password));
      this.log(`Logged in as ${account}.`);
      return { account, since: new Date(since).toISOString() };
    });
  }
}
