import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopLogout extends ShopCommand {
  static override summary = 'Log out: end the login on the server';

  static override description = [
    'Ends the logins that the user has from this machine: the server forgets them, and this ' +
      'machine their tokens. Your purchases on this computer stay. Logging out again is no failure.',
  ].join('\n\n');

  static override examples = [
    { description: 'Log out', command: '<%= config.bin %> <%= command.id %>' },
  ];

  async run(): Promise<{ account: string | null; loggedOut: true; already?: true }> {
    const { flags } = await this.parse(ShopLogout);
    const { account, already } = await this.askShop(flags, (shop) => shop.logout());
    await this.printDone(async () => {
      const { loggedOutSentence } = await import('../../shop/terminal/account-tables.ts');
      this.log(loggedOutSentence({ account, already }));
    });
    return { account, loggedOut: true, ...(already && { already }) };
  }
}
