/** The shop on a terminal. It asks and shows; what is done, `Shop` does. */
import chalk from 'chalk';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { inLook, isPlain, look } from '../../cli/terminal/look.ts';
import { BACK, NobodyThere } from '../../cli/terminal/prompts.ts';
import { show } from '../../cli/terminal/show.ts';
import { prepareToMeasure, wrapped } from '../../cli/terminal/width.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { MAX_ORDERS_COUNT } from '../../protocol/limits.ts';
import { isServerAway, OrderSaved } from '../failures.ts';
import type { Held } from '../ordering.ts';
import type { RefusedOrderDetails } from '../refused-order.ts';
import type { Shop } from '../shop.ts';
import { loggedOutSentence } from './account-tables.ts';
import { time } from './columns.ts';
import type { Choice, Dialog } from './dialog.ts';
import { timeLeft } from './duration.ts';
import { chooseHold, decide, type HoldActions, MENU_HOLD_SECONDS } from './hold-dialog.ts';
import { holdListing, holdsListing, returnListing } from './hold-tables.ts';
import { PurchaseDialog } from './purchase-dialog.ts';
import { askReturn } from './return-dialog.ts';
import { inventoryListing, localListing, ordersListing, receiptListing } from './tables.ts';
import { waitingFor } from './waiting.ts';

type Step =
  | 'login'
  | 'inventory'
  | 'follow'
  | 'local'
  | 'purchase'
  | 'holds'
  | 'orders'
  | 'logout'
  | 'quit';

const HINT = 'log in first';

/** What is likely next, where that is not the same again. */
const NEXT: Partial<Record<Step, Step>> = {
  login: 'inventory',
  logout: 'inventory',
  follow: 'inventory',
};

/** Shows the menu until the user quits. */
export async function runMenu(shop: Shop): Promise<void> {
  // While a prompt is shown, Ctrl-C is a key, and the prompt throws. In between it is a signal.
  const interrupt = (): void => process.exit(ExitCode.interrupted);
  process.on('SIGINT', interrupt);
  try {
    await new Menu(shop, await dialogOf()).run();
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error;
    print('');
  } finally {
    process.off('SIGINT', interrupt);
  }
  print('Goodbye.');
}

async function dialogOf(): Promise<Dialog> {
  if (isPlain(process.env)) {
    chalk.level = 0;
    const { PlainDialog } = await import('./plain-dialog.ts');
    return new PlainDialog();
  }
  const { RichDialog } = await import('./rich-dialog.ts');
  return new RichDialog();
}

class Menu {
  readonly #shop: Shop;
  readonly #dialog: Dialog;

  constructor(shop: Shop, dialog: Dialog) {
    this.#shop = shop;
    this.#dialog = dialog;
  }

  async run(): Promise<void> {
    const shop = this.#shop;
    await this.#attempt(() => waitingFor(shop.locate()));
    if ((await shop.loggedIn()) !== null) await this.#attempt(() => waitingFor(shop.resume()));
    let last: Step = 'inventory';
    for (;;) {
      const step: Step | typeof BACK = await this.#choose(last);
      if (step === 'quit') return;
      if (step === BACK) continue;
      await this.#attempt(() => this.#perform(step));
      last = NEXT[step] ?? step;
    }
  }

  async #choose(last: Step): Promise<Step | typeof BACK> {
    const login = await this.#shop.loggedIn();
    await printHeader(this.#shop.serverName, login);
    const needsLogin = login === null ? HINT : null;
    const choices: Choice<Step>[] = [
      { name: login === null ? 'Log in' : 'Log in as someone else', value: 'login' },
      inventoryChoice(needsLogin),
      {
        name: 'Your purchases (from this computer)',
        value: 'local',
        disabled: (await this.#shop.hasHoldings()) ? null : needsLogin,
      },
      { name: 'Purchase', value: 'purchase', disabled: needsLogin },
      ...(login === null ? [] : await this.#holdsChoice()),
      { name: 'Your orders', value: 'orders', disabled: needsLogin },
      { name: 'Log out', value: 'logout', disabled: login === null ? 'not logged in' : null },
      { name: 'Quit', value: 'quit' },
    ];
    // What was held is bought or let go, and the choice is gone.
    const next = choices.some(({ value }) => value === last) ? last : 'local';
    return this.#dialog.choose('What next?', choices, login === null ? 'login' : next);
  }

  /** Shown only while something is held. */
  async #holdsChoice(): Promise<Choice<Step>[]> {
    const [first, ...others] = await this.#shop.knownHolds();
    if (first === undefined) return [];
    const count = others.length === 0 ? '' : `${others.length + 1}, `;
    return [{ name: `Your holds (${count}${timeLeft(first.ends)} left)`, value: 'holds' }];
  }

  async #perform(step: Exclude<Step, 'quit'>): Promise<void> {
    const shop = this.#shop;
    switch (step) {
      case 'login':
        return this.#logIn();
      case 'inventory': {
        const items = await waitingFor(shop.inventory());
        return show((as) => inventoryListing(items, as));
      }
      case 'follow': {
        const { showLive } = await import('./watch-screen.ts');
        await showLive(shop, []);
        return;
      }
      case 'local': {
        const holdings = await shop.local();
        return show((as) => localListing(holdings, as));
      }
      case 'purchase':
        return this.#purchase();
      case 'holds':
        return this.#holds();
      case 'orders':
        return this.#orders();
      case 'logout':
        return print(loggedOutSentence(await waitingFor(shop.logout())));
    }
  }

  async #logIn(): Promise<void> {
    // Nobody should type a password for a server that is not there.
    await waitingFor(this.#shop.reach());
    const user = await this.#dialog.text('User (empty to go back):');
    if (user === BACK || user.trim() === '') return;
    const secret = await this.#dialog.secret('Password:');
    if (secret === BACK || secret === '') return;
    await this.#attempt(async () => {
      const { account } = await waitingFor(this.#shop.login(user.trim(), secret));
      print(chalk.green(`Logged in as ${account}.`));
    });
  }

  async #purchase(): Promise<void> {
    const items = await waitingFor(this.#shop.inventory());
    if (items.every((item) => item.available === 0)) return print('Everything is sold out.');
    await prepareToMeasure(items.map((item) => item.name));
    const dialog = new PurchaseDialog(items, this.#dialog, print);
    for (let isOpen = true; isOpen; ) {
      const filled = await dialog.fill();
      if (filled === null) return;
      const { lines } = filled;
      isOpen = false;
      await this.#attempt(async () => {
        try {
          if (filled.how === 'hold') return await this.#hold(lines);
          const bought = await waitingFor(this.#shop.purchase(lines));
          await show((as) => receiptListing(bought, as));
        } catch (error) {
          if (!(error instanceof CommandFailure) || error.code !== 'NOSTOCK') throw error;
          const { lines: short = [] } = error.details as Partial<RefusedOrderDetails>;
          if (short.length === 0) throw error;
          isOpen = dialog.keepWhatIsLeft(short);
          if (!isOpen) throw error;
        }
      });
    }
  }

  /** Keeps units while the user thinks. */
  async #hold(lines: readonly Line[]): Promise<void> {
    const held = await waitingFor(this.#shop.hold(lines, MENU_HOLD_SECONDS));
    await show((as) => holdListing(held, as));
    await this.#attempt(() => this.#decide(held));
  }

  async #holds(): Promise<void> {
    const { holds } = await waitingFor(this.#shop.holds());
    await show((as) => holdsListing(holds, as));
    const held = holds.length === 0 ? null : await chooseHold(holds, this.#dialog);
    if (held !== null) await this.#decide(held);
  }

  #decide(held: Held): Promise<void> {
    const shop = this.#shop;
    // Tried again, each does what was chosen, and does not ask what to do with the hold.
    const actions: HoldActions = {
      confirm: (order) =>
        this.#attempt(async () => {
          const bought = await waitingFor(shop.confirm(order));
          await show((as) => receiptListing(bought, as));
        }),
      release: (order) => this.#attempt(() => waitingFor(shop.release(order))),
      extend: (order, seconds) => this.#attempt(() => waitingFor(shop.extend(order, seconds))),
    };
    return decide(held, this.#dialog, actions, print);
  }

  async #orders(): Promise<void> {
    const shop = this.#shop;
    const orders = await waitingFor(shop.orders(MAX_ORDERS_COUNT, null));
    const items = await waitingFor(shop.itemsOf(orders));
    await show((as) => ordersListing(orders, as, items));
    const returnable = await waitingFor(shop.returnable(orders));
    const wanted = returnable.length === 0 ? null : await askReturn(returnable, this.#dialog);
    if (wanted === null) return;
    const returned = await waitingFor(shop.return(wanted.of, wanted.lines));
    await show((as) => returnListing(returned, as));
  }

  /**
   * Calls `work`. What goes wrong is a sentence, and null is returned. When the trouble is that the server is away, the
   * user can try again: an order that may have reached it is only asked about, never sent anew.
   */
  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    for (let next: () => Promise<T | null> = work; ; ) {
      try {
        return await next();
      } catch (error) {
        if (!(error instanceof CommandFailure) || error.exit === ExitCode.interrupted) throw error;
        process.stderr.write(`${chalk.red(inLook(sentence(error.message)))}\n`);
        if (!isServerAway(error)) return null;
        const again = await this.#dialog.choose('The server cannot be reached.', [
          { name: 'Try again', value: true },
          { name: 'Back to the menu', value: false },
        ]);
        if (again !== true) return null;
        // What is open is asked for; a login, or the end of a hold, is simply asked for again.
        if (error instanceof OrderSaved) {
          next = async () => {
            await waitingFor(this.#shop.resume());
            return null;
          };
        }
      }
    }
  }
}

/** The server's inventory as a list, and with the right arrow as a table that follows its changes. */
function inventoryChoice(needsLogin: string | null): Choice<Step> {
  const list = { name: 'View the server inventory', value: 'inventory' } as const;
  if (needsLogin !== null || isPlain(process.env)) return { ...list, disabled: needsLogin };
  const live = { name: 'Follow the server inventory', value: 'follow' } as const;
  return { ...list, name: `${list.name} (→ follows it)`, right: live };
}

/** Which server, and who buys there: on more lines where the terminal is narrow. */
async function printHeader(
  server: string,
  login: { user: string; since: number } | null,
): Promise<void> {
  const who =
    login === null ? 'not logged in' : `logged in as ${login.user} since ${minute(login.since)}`;
  const header = `inv shop · ${server} · ${who}`;
  await prepareToMeasure([header]);
  const lines = wrapped(header, look().columns ?? 80);
  const [first = '', ...others] = lines.map((line) =>
    login === null
      ? line.replace('not logged in', chalk.yellow('not logged in'))
      : line.replace(`as ${login.user} `, `as ${chalk.green(login.user)} `),
  );
  print(`\n${[first.replace('inv shop', chalk.bold('inv shop')), ...others].join('\n')}`);
}

/** `2026-11-22T14:28Z`: what fits into a header. */
function minute(milliseconds: number): string {
  return `${time(milliseconds).slice(0, -8)}Z`;
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

function print(text: string): void {
  process.stdout.write(`${inLook(text)}\n`);
}
