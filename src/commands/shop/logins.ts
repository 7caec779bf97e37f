import { Flags } from '@oclif/core';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

interface LoginJson {
  account: string;
  user: string;
  server: string;
  since: string;
}

export default class ShopLogins extends ShopCommand {
  static override summary = 'Show the logins of this machine, or end those of an account';

  static override description = [
    'A login is kept for each user, and for each script that logs in, at every server; it ' +
      'stays until it is ended. --end ends all logins of one account, on its server and here.',
  ].join('\n\n');

  static override examples = [
    { description: 'See who is logged in', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'End the logins of one user',
      command: '<%= config.bin %> <%= command.id %> --end alice',
    },
  ];

  static override flags = {
    end: Flags.string({
      summary: 'a user of this server, or an account such as alice@localhost:5050',
      helpValue: 'NAME',
    }),
  };

  async run(): Promise<{ logins: LoginJson[]; ended?: string; already?: true }> {
    const { flags } = await this.parse(ShopLogins);
    return this.withShop(flags, async (shop) => {
      const ended = flags.end === undefined ? null : await shop.endLogins(flags.end);
      const logins = await shop.logins();
      await this.printDone(async () => {
        if (this.jsonEnabled()) return;
        const tables = await import('../../shop/terminal/account-tables.ts');
        if (ended !== null) this.log(tables.endedSentence(ended));
        else await this.show((look) => tables.loginsListing(logins, look));
      });
      return {
        ...(ended !== null && {
          ended: ended.account ?? '',
          ...(ended.already && { already: true }),
        }),
        logins: logins.map(({ account, user, server, since }) => ({
          account,
          user,
          server,
          since: new Date(since).toISOString(),
        })),
      };
    });
  }
}
