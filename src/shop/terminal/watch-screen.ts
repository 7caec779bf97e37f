/** Shows a live table on the terminal until the user or a condition ends it, and gives the terminal back. */
import { emitKeypressEvents } from 'node:readline';
import { type CommandFailure, interrupted } from '../../cli/command-failure.ts';
import { Keyboard, suspend } from '../../cli/terminal/keyboard.ts';
import { moveOf } from '../../cli/terminal/pager.ts';
import type { Shop } from '../shop.ts';
import type { WatchedItem } from '../watch.ts';
import { LiveTable } from './live-table.ts';
import { waitingFor } from './waiting.ts';

/** The alternate screen, and no cursor in it. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/**
 * Watches the items of `upcs`, or all. Returns the item for which `isEnough` was true, or null when the user has seen
 * enough. Throws CommandFailure: interrupted by Ctrl-C, or as Shop.watch.
 */
export async function showLive(
  shop: Shop,
  upcs: readonly number[],
  isEnough: (item: WatchedItem) => boolean = () => false,
): Promise<WatchedItem | null> {
  const enough = new AbortController();
  const begun = Promise.withResolvers<void>();
  let found: WatchedItem | null = null;
  const screen = new Screen(enough);
  const watching = shop.watch(
    upcs,
    {
      changed: (items) => {
        found ??= items.find(isEnough) ?? null;
        if (found !== null) enough.abort();
        else screen.table.changed(items);
        begun.resolve();
      },
      lost: (why) => screen.table.trouble(why),
      back: () => screen.table.trouble(''),
    },
    enough.signal,
  );
  await waitingFor(Promise.race([begun.promise, watching]));
  if (found !== null) {
    await watching;
    return found;
  }
  // Known by now also where the server had to tell which shop it is.
  const login = await shop.loggedIn();
  screen.table.title = ['inv shop watch', shop.serverName, login?.user].filter(Boolean).join(' · ');
  screen.enter();
  try {
    await watching;
  } finally {
    screen.leave();
  }
  if (screen.failure !== null) throw screen.failure;
  return found;
}

class Screen {
  readonly table = new LiveTable('inv shop watch', () => this.#keyboard?.gone());
  /** Why the user ended it, when it was Ctrl-C. */
  failure: CommandFailure | null = null;
  readonly #enough: AbortController;
  #keyboard: Keyboard | null = null;

  constructor(enough: AbortController) {
    this.#enough = enough;
  }

  enter(): void {
    const keyboard = new Keyboard(this.#restoreScreen);
    this.#keyboard = keyboard;
    process.stdout.write(ENTER);
    process.stdout.on('resize', this.#redraw);
    this.#listen(keyboard);
    this.table.show();
  }

  leave(): void {
    this.table.end();
    this.#keyboard?.[Symbol.dispose]();
    this.#keyboard = null;
    process.stdout.off('resize', this.#redraw);
    this.#restoreScreen();
  }

  #listen(keyboard: Keyboard): void {
    emitKeypressEvents(keyboard as unknown as NodeJS.ReadableStream);
    keyboard.on('keypress', (_text, key) => {
      const move = moveOf(key);
      if (move === 'interrupt') this.#interrupt();
      else if (move === 'quit') this.#enough.abort();
      else if (move !== null) this.table.move(move);
    });
    keyboard.on('interrupt', this.#interrupt);
    keyboard.on('suspend', () => {
      this.#restoreScreen();
      keyboard.setRawMode(false);
      suspend().then(() => this.#resume(keyboard));
    });
    keyboard.on('continue', () => this.#resume(keyboard));
    keyboard.setRawMode(true);
    keyboard.resume();
  }

  #resume(keyboard: Keyboard): void {
    // What was watched may have ended meanwhile.
    if (this.#keyboard !== keyboard) return;
    keyboard.setRawMode(true);
    keyboard.resume();
    process.stdout.write(ENTER);
    this.table.draw();
  }

  readonly #redraw = (): void => this.table.draw();

  readonly #restoreScreen = (): void => {
    process.stdout.write(LEAVE);
  };

  readonly #interrupt = (): void => {
    this.failure = interrupted();
    this.#enough.abort();
  };
}
