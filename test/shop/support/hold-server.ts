/** A server of few lines that knows holds and returns, with a clock that a test moves. */
import type { Reply } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { type Answer, fakeServer } from './servers.ts';

interface Kept {
  readonly id: string;
  readonly at: number;
  readonly lines: readonly { upc: number; qty: number; available: number }[];
  readonly seconds?: number;
  readonly of?: string;
  state: 'bought' | 'held' | 'released' | 'returned';
  until?: number;
  ended?: number;
}

export interface HoldServer {
  readonly address: Awaited<ReturnType<typeof fakeServer>>['address'];
  readonly commands: string[][];
  /** Its clock, milliseconds since 1970. */
  now: number;
  /** Units by UPC; 1003 is not taken back. */
  readonly stock: Map<number, number>;
  /** What is answered once instead, by verb. */
  readonly instead: Map<string, Answer>;
}

/** Pins (1001), posters (1002) and tickets (1003): 50 of each. */
export async function holdServer(now = Date.now()): Promise<HoldServer> {
  const orders = new Map<string, Kept>();
  const stock = new Map([1001, 1002, 1003].map((upc) => [upc, 50]));
  const refused = (code: string, sentence: string) => ErrorReply.received(`${code} ${sentence}`);
  const iso = (time: number) => new Date(time).toISOString();

  const isOver = ({ state, until = 0 }: Kept): boolean => state === 'held' && until <= server.now;
  const stateOf = (kept: Kept): string => (isOver(kept) ? 'expired' : kept.state);
  const expire = (): void => {
    for (const kept of orders.values()) {
      if (!isOver(kept) || kept.ended !== undefined) continue;
      kept.ended = kept.until ?? 0;
      move(kept.lines, 1);
    }
  };
  const move = (lines: readonly { upc: number; qty: number }[], sign: number) =>
    lines.map(({ upc, qty }) => {
      stock.set(upc, (stock.get(upc) ?? 0) + sign * qty);
      return { upc, qty, available: stock.get(upc) as number };
    });
  const told = (kept: Kept, replayed: boolean, at = kept.at): Record<string, Reply> => ({
    ...{ order: kept.id, at, replayed, state: stateOf(kept), lines: kept.lines },
    ...(kept.until !== undefined && { until: kept.until }),
    ...(kept.of !== undefined && { of: kept.of }),
    ...(kept.ended !== undefined && kept.state !== 'held' && { ended: kept.ended }),
  });
  const noHold = (kept: Kept) =>
    refused(
      'NOHOLD',
      `order ${kept.id} is not held: it was ${stateOf(kept)} at ${iso(kept.ended ?? kept.at)}`,
    );
  const buy = (kept: Kept): Answer => {
    const replayed = kept.state === 'bought';
    if (!replayed && stateOf(kept) !== 'held') return noHold(kept);
    kept.ended ??= server.now;
    kept.state = 'bought';
    return told(kept, replayed, kept.ended);
  };
  const keep = (kept: Kept, sign: number, lines = linesOf([])): Answer => {
    const short = lines.filter(({ upc, qty }) => (stock.get(upc) ?? 0) < qty && sign < 0);
    const texts = short.map(({ upc, qty }) => `${upc} asked ${qty} available ${stock.get(upc)}`);
    if (short.length > 0) return refused('NOSTOCK', `too little stock: ${texts.join('; ')}`);
    orders.set(kept.id, { ...kept, lines: move(lines, sign) });
    return told(orders.get(kept.id) as Kept, false);
  };

  const answer = (words: string[]): Answer | undefined => {
    expire();
    const [verb = '', first = '', ...rest] = words;
    const instead = server.instead.get(verb);
    if (instead !== undefined) {
      server.instead.delete(verb);
      return instead;
    }
    const option = (name: string) => words[words.indexOf(name) + 1] as string;
    const known = orders.get(first);
    switch (verb) {
      case 'LOGIN':
        return { token: 't', user: first, since: 1 };
      case 'RESUME':
        return { user: 'alice', since: 1 };
      case 'LOGOUT':
        return 'OK';
      case 'TIME':
        return [String(Math.floor(server.now / 1000)), String((server.now % 1000) * 1000)];
      case 'INVENTORY': {
        const asked = words.slice(1).map(Number);
        return [...stock]
          .filter(([upc]) => asked.length === 0 || asked.includes(upc))
          .map(([upc, available]) => ({
            ...{ upc, name: `Item ${upc}`, available },
            ...(upc !== 1003 && { returns: true }),
          }));
      }
      case 'ORDER':
        return known === undefined ? refused('NOORDER', 'no such order') : told(known, true);
      case 'ORDERS':
        return [...orders.values()]
          .reverse()
          .map((kept) => ({ ...told(kept, true), refusal: null }));
      case 'HOLDS':
        return [...orders.values()]
          .filter((kept) => stateOf(kept) === 'held')
          .map((kept) => told(kept, true));
      case 'RELEASE':
        if (known === undefined) return refused('NOORDER', 'no such order');
        if (known.state === 'bought') return noHold(known);
        if (stateOf(known) === 'held') {
          move(known.lines, 1);
          Object.assign(known, { state: 'released', ended: server.now });
        }
        return 'OK';
      case 'EXTEND': {
        if (known === undefined) return refused('NOORDER', 'no such order');
        if (stateOf(known) !== 'held') return noHold(known);
        known.until = Math.max(known.until ?? 0, untilOf(server.now, Number(option('FOR'))));
        return { order: first, until: known.until };
      }
      case 'CONFIRM':
        return known === undefined ? refused('NOORDER', 'no such order') : buy(known);
    }
    const id = option('ORDER');
    const again = orders.get(id);
    if (verb === 'PURCHASE') {
      if (again !== undefined) return buy(again);
      const kept = { id, at: server.now, lines: [], state: 'bought' } as const;
      return keep(kept, -1, linesOf(words.slice(1, words.indexOf('ORDER'))));
    }
    if (again !== undefined && (verb === 'HOLD' || verb === 'RETURN')) return told(again, true);
    if (verb === 'HOLD') {
      const seconds = Number(option('FOR'));
      const until = untilOf(server.now, seconds);
      const kept = { id, at: server.now, lines: [], seconds, until, state: 'held' } as const;
      return keep(kept, -1, linesOf(words.slice(1, words.indexOf('FOR'))));
    }
    if (verb !== 'RETURN') return undefined;
    if (known?.state !== 'bought') return refused('NOORDER', 'no such order');
    const lines = linesOf(rest.slice(0, rest.indexOf('ORDER')));
    if (lines.some(({ upc }) => upc === 1003)) return refused('NORETURN', 'not taken back: 1003');
    return keep({ id, at: server.now, lines: [], of: first, state: 'returned' }, 1, lines);
  };

  const { address, commands } = await fakeServer((words) => answer(words));
  const server: HoldServer = { address, commands, now, stock, instead: new Map() };
  return server;
}

function untilOf(now: number, seconds: number): number {
  return Math.ceil((now + seconds * 1_000) / 1_000) * 1_000;
}

function linesOf(words: readonly string[]): { upc: number; qty: number }[] {
  const numbers = words.map(Number);
  return numbers.flatMap((upc, index) =>
    index % 2 === 0 ? [{ upc, qty: numbers[index + 1] as number }] : [],
  );
}
