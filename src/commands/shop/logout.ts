import { ShopCommand } from '../../shop/terminal/shop-command.ts';

export default class ShopLogout extends ShopCommand {
  static override summary = 'Log out: end the login on the server';

  static override description = [
    'The server forgets the login, and this machine the token. The local inventory stays.',
  ].join('\n\n');

  static override examples = [
    { description: 'Log out', command: '<%= config.bin %> <%= command.id %>' },
  ];

  async run(): Promise<{ account: string; loggedOut: true }> {
    const { flags } = await this.parse(ShopLogout);
    const account = await this.withShop(flags, (shop) => shop.logout());
    this.log(`Logged out ${account}.`);
    return { account, loggedOut: true };
  }
}
