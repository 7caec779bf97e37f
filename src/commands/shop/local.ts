import type { LocalHold, LocalItem } from '../../shop/state/state.ts';
import { ShopCommand } from '../../shop/terminal/shop-command.ts';

interface HeldJson {
  order: string;
  until: string;
  /** By the clock of this machine, as it was compared with the server's. */
  secondsLeft: number;
  items: LocalItem[];
}

export default class ShopLocal extends ShopCommand {
  static override summary = 'Show what you have bought from here';

  static override description = [
    'Your purchases (from this computer), also called the local inventory: everything that the server sold through this client to ' +
      'the user of the last login, kept on this machine. It needs no server, and is still ' +
      'there after a logout.',
    'What is held for the user and not bought stands apart, with the time that is left, as far as this ' +
      'machine knows; `<%= config.bin %> shop holds` asks the server.',
  ].join('\n\n');

  static override examples = [
    { description: 'See what you own', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'For a program', command: '<%= config.bin %> <%= command.id %> --json' },
  ];

  async run(): Promise<{ account: string; items: LocalItem[]; held?: HeldJson[] }> {
    const { flags } = await this.parse(ShopLocal);
    const holdings = await this.askShop(flags, (shop) => shop.local());
    if (!this.jsonEnabled()) {
      const { localListing } = await import('../../shop/terminal/tables.ts');
      await this.show((look) => localListing(holdings, look));
    }
    const { account, items, holds } = holdings;
    return {
      account,
      items: items.map(toItemJson),
      ...(holds.length > 0 && { held: holds.map(toHeldJson) }),
    };
  }
}

function toHeldJson({ order, until, ends, items }: LocalHold): HeldJson {
  return {
    order,
    until: new Date(until).toISOString(),
    secondsLeft: Math.max(0, Math.ceil((ends - Date.now()) / 1_000)),
    items: items.map(toItemJson),
  };
}

function toItemJson({ upc, name, code, units }: LocalItem): LocalItem {
  return { upc, name, code, units };
}
