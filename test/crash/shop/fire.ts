/**
 * `inv shop purchase` under fire: killed at random moments, its server killed, its connection cut.
 * Its exit code must fit what the proxy saw, and what it bought must be in its local inventory once
 * the next command has settled what was left open.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../support/random.ts';
import type { Cut } from './proxy.ts';
import type { Ended } from './shop-process.ts';
import { type Truth, World } from './world.ts';

const FAULTS = {
  none: 2,
  clientKilled: 3,
  clientKilledAtRequest: 3,
  clientKilledAtReply: 4,
  serverKilled: 2,
  serverKilledAtRequest: 3,
  noServer: 1,
  connect: 1,
  resume: 1,
  request: 2,
  way: 2,
  reply: 3,
  inReply: 2,
};
export type Fault = keyof typeof FAULTS;

/** Of the connection cuts: whether the order can have been sent by then. */
const CUTS: Partial<Record<Fault, 'unsent' | 'sent'>> = {
  noServer: 'unsent',
  connect: 'unsent',
  resume: 'unsent',
  request: 'sent',
  way: 'sent',
  reply: 'sent',
  inReply: 'sent',
};

export interface FireReport {
  readonly violations: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  /** How often each exit code came; `killed` for none. */
  readonly exits: Readonly<Record<string, number>>;
  readonly bought: number;
  readonly refused: number;
  /** Holds, whatever became of them but a purchase, and returns. */
  readonly held: number;
  readonly returned: number;
  readonly folder: string;
}

interface Try {
  readonly command: 'purchase' | 'hold' | 'confirm' | 'return';
  readonly order: string;
  /** The words behind the command, without the id. */
  readonly words: readonly string[];
}

/** What exit code 0 of a command claims, by what the order may be then: a hold may have ended. */
const CLAIMS: Readonly<Record<Try['command'], readonly Truth[]>> = {
  purchase: ['bought'],
  hold: ['held', 'expired', 'bought'],
  confirm: ['bought'],
  return: ['returned'],
};

/** What exit code 3 claims. */
const REFUSALS: readonly Truth[] = ['refused', 'expired', 'released'];

export class Fire {
  readonly #world: World;
  readonly #random: Random;
  readonly #faults: Record<string, number> = {};
  readonly #exits: Record<string, number> = {};
  /** What the exit codes said for certain since the last rest. */
  readonly #claims = new Map<string, readonly Truth[]>();
  /** Tries without a certain end. */
  #open: Try[] = [];
  #orders = new Map<string, Truth>();

  private constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = new Random(seed);
  }

  static async run(
    tries: number,
    seed: number,
    progress: (line: string) => void,
  ): Promise<FireReport> {
    const world = await World.begin();
    const fire = new Fire(world, seed);
    for (let done = 0; done < tries && world.violations.length === 0; ) {
      const some = Math.min(fire.#random.between(1, 3), tries - done);
      for (let index = 0; index < some; index++) await fire.#try();
      await fire.#rest();
      done += some;
      if (Math.floor(done / 20) > Math.floor((done - some) / 20)) progress(`${done} tries`);
    }
    return await fire.#end();
  }

  /** One-shots of one account, all at the same time; the server is killed under them if `withKill`. */
  static async atOnce(count: number, seed: number, withKill: boolean): Promise<FireReport> {
    const world = await World.begin();
    const fire = new Fire(world, seed);
    const tries = Array.from({ length: count }, () => fire.#newPurchase());
    const runs = tries.map((one) =>
      world.customer.run('purchase', ...one.words, '--order', one.order),
    );
    if (withKill) {
      // In the middle of it: some have their answers, some are on their way, some have not begun.
      let requests = 0;
      await new Promise<void>((resolve) => {
        world.proxy.onRequest = () => {
          if (++requests === count >> 1) resolve();
        };
      });
      await world.startServer();
    }
    for (const [index, ended] of (await Promise.all(runs)).entries()) {
      fire.#judge(tries[index] as Try, ended, withKill ? 'serverKilled' : 'none');
    }
    await fire.#rest();
    return await fire.#end();
  }

  /** Mostly a purchase; else a hold, or what may follow on what is held or bought. */
  #newTry(): Try {
    const random = this.#random;
    const of = (truth: Truth) => [...this.#orders].filter(([, one]) => one === truth);
    const [held, bought] = [of('held'), of('bought')];
    switch (random.weighted({ purchase: 4, hold: 3, confirm: 3, return: 3 })) {
      case 'hold': {
        const time = ['--for', random.chance(0.3) ? '3s' : '10m'];
        return { ...this.#newPurchase(), command: 'hold', words: [...this.#lines(), ...time] };
      }
      case 'confirm': {
        if (held.length === 0) break;
        const [order] = random.pick(held);
        return { command: 'confirm', order, words: [order] };
      }
      case 'return': {
        if (bought.length === 0) break;
        const [order] = random.pick(bought);
        // Perhaps more than is left of it, or what the order does not have.
        const words = [order, '--upc', String(1001 + random.below(3)), '--qty', '1'];
        return { command: 'return', order: random.orderId(), words };
      }
    }
    return this.#newPurchase();
  }

  #newPurchase(): Try {
    return { command: 'purchase', order: this.#random.orderId(), words: this.#lines() };
  }

  #lines(): string[] {
    const lines = [
      '--upc',
      String(1001 + this.#random.below(3)),
      '--qty',
      String(this.#random.between(1, 3)),
    ];
    if (this.#random.chance(0.3)) lines.push('--upc', '1004', '--qty', '1');
    return lines;
  }

  /** One command with one fault. Sometimes it repeats one that ended without an outcome. */
  async #try(): Promise<void> {
    const fault = this.#random.weighted(FAULTS);
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
    const again = this.#random.chance(0.3) ? this.#open.pop() : undefined;
    const one = again ?? this.#newTry();
    const isConfirm = one.command === 'confirm';
    const isUnnamed =
      again === undefined && !isConfirm && this.#open.length === 0 && this.#random.chance(0.3);
    const words = isUnnamed || isConfirm ? one.words : [...one.words, '--order', one.order];

    const { proxy, customer } = this.#world;
    // One hold may be confirmed by two tries, while nobody knows yet what the first has done.
    if (isConfirm) proxy.seen.delete(`CONFIRM ${one.order}`);
    const seenBefore = new Set(proxy.seen);
    if (fault === 'noServer') await proxy.stop();
    if (fault in CUTS && fault !== 'noServer') proxy.cut = fault as Cut;
    const { child, ended } = customer.start(one.command, ...words);
    const over = ended.then(() => undefined);
    const killClient = () => child.kill('SIGKILL');
    const soon = (act: () => void, most: number) => () => {
      setTimeout(act, this.#random.next() * most);
    };
    if (fault === 'clientKilledAtRequest') proxy.onRequest = soon(killClient, 4);
    if (fault === 'clientKilledAtReply') proxy.onReply = soon(killClient, 25);
    if (fault === 'serverKilledAtRequest')
      proxy.onRequest = soon(() => this.#world.killServer(), 4);
    if (fault === 'clientKilled') {
      await Promise.race([over, pause(this.#random.between(20, 400))]);
      killClient();
    }
    if (fault === 'serverKilled') {
      await Promise.race([over, pause(this.#random.between(20, 300))]);
      this.#world.killServer();
    }
    const result = await ended;
    proxy.onRequest = proxy.onReply = () => undefined;
    const wasReached = proxy.cut === null;
    proxy.cut = null;
    if (fault === 'noServer') await proxy.startAgain();
    if (fault.startsWith('server')) await this.#world.startServer();

    const id = isUnnamed ? [...proxy.seen].find((seen) => !seenBefore.has(seen)) : one.order;
    const sent = isConfirm ? `CONFIRM ${one.order}` : id;
    const wasSent = sent !== undefined && proxy.seen.has(sent) && !seenBefore.has(sent);
    this.#judge({ ...one, order: result.json?.order ?? id ?? one.order }, result, fault);
    // A repeated order was sent before, and what is settled on the way was too: no claim about those.
    if (again === undefined) this.#judgeSent(fault, result, wasSent, wasReached);
  }

  /** Exit codes 0 and 3 claim an outcome; the others claim nothing, and only 5 and 6 may come. */
  #judge(one: Try, { code, stderr, json }: Ended, fault: Fault): void {
    const name = code === null ? 'killed' : String(code);
    this.#exits[name] = (this.#exits[name] ?? 0) + 1;
    if (code === 0) this.#claims.set(one.order, CLAIMS[one.command]);
    else if (code === 3) this.#claims.set(one.order, REFUSALS);
    else this.#open.push(one);
    const fits = [0, 3, 5, 6].includes(code as number) || code === null;
    if (!fits || (fault === 'none' && code !== 0 && code !== 3)) {
      const said = `${stderr}${JSON.stringify(json)}`;
      this.#world.violation(`fault ${fault}: order ${one.order} exited with ${code}: ${said}`);
    }
  }

  #judgeSent(fault: Fault, { code, json }: Ended, wasSent: boolean, wasReached: boolean): void {
    const said = `fault ${fault}: exited with ${code} (${json?.error?.message})`;
    if (code === 5 && wasSent) this.#world.violation(`${said}, but the order was sent`);
    if (code === 6 && !wasSent) this.#world.violation(`${said}, but nothing was sent`);
    const expected = CUTS[fault];
    if (expected === undefined || !wasReached) return;
    if (expected === 'unsent' && code !== 5) this.#world.violation(`${said}, expected 5`);
    if (expected === 'sent' && wasSent && code !== 6) this.#world.violation(`${said}, expected 6`);
  }

  async #rest(): Promise<void> {
    this.#orders = await this.#world.checkAtRest();
    for (const [order, claim] of this.#claims) {
      const truth = this.#orders.get(order) ?? 'refused';
      if (!claim.includes(truth))
        this.#world.violation(`order ${order}: the shop says ${claim}, it is ${truth}`);
    }
    this.#claims.clear();
  }

  async #end(): Promise<FireReport> {
    await this.#world.end();
    const outcomes = [...this.#orders.values()];
    return {
      violations: this.#world.violations,
      faults: this.#faults,
      exits: this.#exits,
      bought: outcomes.filter((outcome) => outcome === 'bought').length,
      refused: outcomes.filter((outcome) => outcome === 'refused').length,
      held: outcomes.filter((one) => ['held', 'released', 'expired'].includes(one)).length,
      returned: outcomes.filter((outcome) => outcome === 'returned').length,
      folder: this.#world.folder,
    };
  }
}
