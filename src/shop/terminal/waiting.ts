/** Tells a person at a terminal that the server is waited for; scripts and pipes are told nothing. */
import { inLook, isPlain } from '../../cli/terminal/look.ts';

/** Most answers come within this, and a sign that flickers says nothing. */
const DELAY_MS = 500;
const FRAME_MS = 100;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const TEXT = 'waiting for the server';

let isShown = false;

/** Shows on stderr, after half a second, that `work` is waited for, until it ends. Nothing may be asked meanwhile. */
export async function waitingFor<T>(work: Promise<T>): Promise<T> {
  const { stderr } = process;
  if (!stderr.isTTY) return work;
  let frame = 0;
  let timer: NodeJS.Timeout;
  const draw = (): void => {
    isShown = true;
    stderr.write(`\r${FRAMES[frame++ % FRAMES.length]} ${TEXT}`);
    timer = setTimeout(draw, FRAME_MS);
  };
  const begin = isPlain(process.env) ? () => void stderr.write(`${TEXT}...\n`) : draw;
  timer = setTimeout(begin, DELAY_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    clear();
  }
}

/** Prints a sentence on stderr, in place of the sign that is shown there. */
export function tell(sentence: string): void {
  clear();
  process.stderr.write(`${inLook(sentence)}\n`);
}

function clear(): void {
  if (isShown) process.stderr.write('\r\u001b[K');
  isShown = false;
}
