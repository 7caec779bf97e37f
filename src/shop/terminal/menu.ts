/** The shop on a terminal. It asks and shows; what is done, `Shop` does. */
import { input, password, select } from '@inquirer/prompts';
import chalk from 'chalk';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import type { Shop } from '../shop.ts';
import { loggedOutSentence } from './account-tables.ts';
import { show } from './pager.ts';
import { ask, BACK } from './prompts.ts';
import { pickOrder } from './purchase-dialog.ts';
import { inventoryListing, localListing, receiptListing, time } from './tables.ts';

type Choice = 'login' | 'inventory' | 'local' | 'purchase' | 'logout' | 'quit';

const HINT = 'log in first';

/** Shows the menu until the user quits. */
export async function runMenu(shop: Shop): Promise<void> {
  // While a prompt is shown, Ctrl-C is a key, and the prompt throws. In between it is a signal.
  const interrupt = (): void => process.exit(ExitCode.interrupted);
  process.on('SIGINT', interrupt);
  try {
    if ((await shop.loggedIn()) !== null) await attempt(shop, () => shop.resume());
    let last: Choice = 'inventory';
    for (;;) {
      const choice: Choice | typeof BACK = await choose(shop, last);
      if (choice === 'quit') break;
      if (choice === BACK) continue;
      await perform(shop, choice);
      last = choice === 'login' || choice === 'logout' ? 'inventory' : choice;
    }
    print('Goodbye.');
  } finally {
    process.off('SIGINT', interrupt);
  }
}

async function choose(shop: Shop, last: Choice): Promise<Choice | typeof BACK> {
  const login = await shop.loggedIn();
  print(`\n${chalk.bold('inv shop')} · ${shop.serverName} · ${who(login)}`);
  const needsLogin = login === null ? `(${HINT})` : false;
  const choices: { name: string; value: Choice; disabled: string | false }[] = [
    { name: login === null ? 'Log in' : 'Log in as someone else', value: 'login', disabled: false },
    { name: 'View the server inventory', value: 'inventory', disabled: needsLogin },
    {
      name: 'View your local inventory',
      value: 'local',
      disabled: (await shop.hasHoldings()) ? false : needsLogin,
    },
    { name: 'Purchase', value: 'purchase', disabled: needsLogin },
    { name: 'Log out', value: 'logout', disabled: login === null ? '(not logged in)' : false },
    { name: 'Quit', value: 'quit', disabled: false },
  ];
  const isOffered = choices.some((choice) => choice.value === last && !choice.disabled);
  return ask((context) =>
    select(
      {
        message: 'What next?',
        choices,
        pageSize: choices.length,
        loop: false,
        ...(isOffered && { default: last }),
      },
      context,
    ),
  );
}

function who(login: { user: string; since: number } | null): string {
  if (login === null) return chalk.yellow('not logged in');
  return `logged in as ${chalk.green(login.user)} since ${minute(login.since)}`;
}

async function perform(shop: Shop, choice: Exclude<Choice, 'quit'>): Promise<void> {
  switch (choice) {
    case 'login':
      return logIn(shop);
    case 'inventory':
      return attempt(shop, async () => {
        const items = await shop.inventory();
        await show((look) => inventoryListing(items, look));
      });
    case 'local':
      return attempt(shop, async () => {
        const holdings = await shop.local();
        await show((look) => localListing(holdings, look));
      });
    case 'purchase':
      return purchase(shop);
    case 'logout':
      return attempt(shop, async () => print(loggedOutSentence(await shop.logout())));
  }
}

async function logIn(shop: Shop): Promise<void> {
  await attempt(shop, async () => {
    await shop.reach();
    await askWho(shop);
  });
}

async function askWho(shop: Shop): Promise<void> {
  const user = await ask((context) => input({ message: 'User (empty to go back):' }, context));
  if (user === BACK || user.trim() === '') return;
  const secret = await ask((context) => password({ message: 'Password:', mask: '*' }, context));
  if (secret === BACK || secret === '') return;
  await attempt(shop, async () => {
    const { account } = await shop.login(user.trim(), secret);
    print(chalk.green(`Logged in as ${account}.`));
  });
}

async function purchase(shop: Shop): Promise<void> {
  await attempt(shop, async () => {
    const items = await shop.inventory();
    if (items.every((item) => item.available === 0)) {
      print('Everything is sold out.');
      return;
    }
    const line = await pickOrder(items);
    if (line === null) return;
    await attempt(shop, async () => {
      const bought = await shop.purchase([line]);
      await show((look) => receiptListing(bought, bought.account, look));
    });
  });
}

/**
 * Calls `work`. What goes wrong is a sentence. When the trouble is that the server is away, the
 * user can try again: an order that may have reached it is only asked about, never sent anew.
 */
async function attempt(shop: Shop, work: () => Promise<void>): Promise<void> {
  for (let next = work; ; ) {
    try {
      return await next();
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      process.stderr.write(`${chalk.red(sentence(error.message))}\n`);
      if (error.exit !== ExitCode.noServer && error.exit !== ExitCode.outcomeUnknown) return;
      const again = await ask((context) =>
        select(
          {
            message: 'The server cannot be reached.',
            choices: [
              { name: 'Try again', value: true },
              { name: 'Back to the menu', value: false },
            ],
          },
          context,
        ),
      );
      if (again !== true) return;
      if (error.exit === ExitCode.outcomeUnknown) next = () => shop.resume();
    }
  }
}

/** `2026-11-22T14:28Z`: what fits into a header. */
function minute(milliseconds: number): string {
  return `${time(milliseconds).slice(0, -8)}Z`;
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
