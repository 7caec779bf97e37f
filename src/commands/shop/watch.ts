import { Flags } from '@oclif/core';
import { interrupted } from '../../cli/command-failure.ts';
import { look } from '../../cli/terminal/look.ts';
import { toUpcs } from '../../shop/terminal/input.ts';
import { ITEMS_FLAG } from '../../shop/terminal/line-flags.ts';
import { type ServerFlags, ShopCommand } from '../../shop/terminal/shop-command.ts';
import { tell } from '../../shop/terminal/waiting.ts';
import { type Condition, toCondition } from '../../shop/until.ts';

export default class ShopWatch extends ShopCommand {
  static override summary = 'Follow the units available as they change';

  static override description = [
    'On a terminal a table that stands still while its levels change, until q or Ctrl-C; with --json, and where ' +
      'there is no terminal, a line for each change: first the levels as they are, then what changes. Many changes at ' +
      'once may be one line, which tells the level after them. When the server goes away, it says so, and goes on when ' +
      'the server is back.',
    '--until ends it with exit code 0 as soon as the condition holds for one of the items, with its line as the last ' +
      'one: available, one of < <= > >= = and a whole number.',
  ].join('\n\n');

  static override examples = [
    { description: 'Follow all items', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Wait until an item is nearly sold out',
      command: "<%= config.bin %> <%= command.id %> --upc 1001 --until 'available<10'",
    },
    {
      description: 'For a program',
      command: '<%= config.bin %> <%= command.id %> --json',
    },
  ];

  static override flags = {
    ...ITEMS_FLAG,
    until: Flags.string({
      summary: "end when this holds for one of the items, as in 'available<10'",
      helpValue: 'CONDITION',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ShopWatch);
    const upcs = toUpcs(flags.upc ?? []);
    const until = flags.until === undefined ? () => false : toCondition(flags.until);
    if (this.jsonEnabled() || !process.stdout.isTTY || look().plain) {
      await this.#lines(flags, upcs, until);
    } else {
      await this.#table(flags, upcs, until);
    }
  }

  async #table(flags: ServerFlags, upcs: readonly number[], until: Condition): Promise<void> {
    const { showLive } = await import('../../shop/terminal/watch-screen.ts');
    const { plainLine } = await import('../../shop/terminal/watch-lines.ts');
    const found = await this.withShop(flags, (shop) =>
      showLive(shop, upcs, ({ available }) => until(available)),
    );
    if (found !== null) this.log(plainLine(found, Date.now()));
  }

  async #lines(flags: ServerFlags, upcs: readonly number[], until: Condition): Promise<void> {
    const { jsonLine, plainLine, WatchLines } = await import('../../shop/terminal/watch-lines.ts');
    const enough = new AbortController();
    let isInterrupted = false;
    const interrupt = (): void => {
      isInterrupted = true;
      enough.abort();
    };
    const lines = new WatchLines(
      this.jsonEnabled() ? jsonLine : plainLine,
      ({ available }) => until(available),
      () => enough.abort(),
    );
    process.on('SIGINT', interrupt);
    try {
      await this.withShop(flags, (shop) =>
        shop.watch(
          upcs,
          {
            changed: (items) => lines.changed(items),
            lost: (why) => tell(`inv: ${why}; trying again`),
            back: () => tell('inv: the server is back'),
          },
          enough.signal,
        ),
      );
    } finally {
      process.off('SIGINT', interrupt);
    }
    if (isInterrupted) throw interrupted();
  }
}
