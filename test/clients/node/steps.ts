/** What the programs of this folder share: the steps as the campaign reads them, see ../campaign.ts. */
import { once } from 'node:events';

export const [PORT, CUT_PORT] = process.argv.slice(-2).map(Number) as [number, number];

/** Runs one step and prints how it went. What `run` resolves to is a remark. */
export async function step(name: string, run: () => Promise<string | undefined>): Promise<void> {
  try {
    console.log(`ok ${name} ${(await run()) ?? ''}`);
  } catch (error) {
    console.log(`failed ${name} ${String(error).replaceAll('\n', ' ')}`);
  }
}

export function expect(isTrue: boolean, what: unknown): void {
  if (!isTrue) throw new Error(`unexpected: ${JSON.stringify(what)}`);
}

/** The error that `run` rejects with. */
export async function errorOf(run: Promise<unknown>): Promise<Error> {
  const reply = await run.then(
    (value) => value,
    (error: unknown) => error,
  );
  if (reply instanceof Error) return reply;
  throw new Error(`no error, but ${JSON.stringify(reply)}`);
}

/** A field of a reply: a map of RESP3, or the flat array of RESP2. */
export function field(reply: unknown, name: string): unknown {
  if (Array.isArray(reply)) return reply[reply.indexOf(name) + 1];
  if (reply instanceof Map) return reply.get(name);
  return (reply as Record<string, unknown>)[name];
}

export const isReplayed = (reply: unknown) => Number(field(reply, 'replayed')) === 1;

/** Has the campaign kill the server and start it again, and returns when it serves. */
export async function restart(): Promise<void> {
  console.log('restart');
  await once(process.stdin, 'data');
}

/** Asks until there is a reply, as a program would, and says how many errors came first. */
export async function untilAnswered(ask: () => Promise<unknown>): Promise<[unknown, string]> {
  for (let errors = 0; ; errors++) {
    try {
      return [await ask(), errors === 0 ? 'no error' : `${errors} errors`];
    } catch (error) {
      if (errors === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Buys through a connection that is cut before the reply arrives. */
export async function cut(purchase: () => Promise<unknown>): Promise<string> {
  const first = await purchase().catch(() => null);
  if (first !== null) {
    expect(isReplayed(first), first);
    return 'sends again';
  }
  const [again] = await untilAnswered(purchase);
  expect(isReplayed(again), again);
  return 'tells';
}

export const PIPELINED = 1000;
