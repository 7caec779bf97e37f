/**
 * The sale, told as simply as it can be: lists that grow, looked through from one end to the other.
 * The rules and the stores are compared with it. It shares no code with them.
 */
import {
  type Order,
  type Page,
  type PurchaseRequest,
  Refusal,
  type Request,
  type RequestResult,
} from '../../../src/inventory/model.ts';

interface ModelOrder {
  user: string;
  id: string;
  asked: string;
  outcome: string;
}

export class Model {
  readonly available: Map<number, number>;
  readonly logins: { tokenHash: string; user: string; since: number }[] = [];
  /** In the order in which they were settled. */
  readonly orders: ModelOrder[] = [];

  constructor(stock: Iterable<readonly [upc: number, units: number]>) {
    this.available = new Map(stock);
  }

  /** What each request of a batch is answered. Pages show the batch whole, so they come last. */
  settle(requests: readonly Request[]): string[] {
    const answers = requests.map((request) => this.#answer(request));
    return answers.map((answer) => (typeof answer === 'string' ? answer : answer()));
  }

  #answer(request: Request): string | (() => string) {
    if (request.kind === 'transaction') {
      let answers = '';
      for (const one of request.requests) {
        const isOver = answers.includes('bye; ');
        answers += `${isOver ? 'NOAUTH' : this.#answer(one)}; `;
      }
      return answers;
    }
    if (request.kind === 'login') {
      this.logins.push(request.login);
      return `${request.login.user} since ${request.login.since}`;
    }
    if (request.kind === 'resume') {
      const login = this.logins.find((one) => one.tokenHash === request.tokenHash);
      return login ? `${login.user} since ${login.since}` : 'NOSESSION';
    }
    if (request.kind === 'auth') return `${request.user} since ${request.since}`;
    const { session } = request;
    if (session === null) return 'NOAUTH';
    const { user, since, tokenHash } = session;
    const login = this.logins.findIndex((one) => one.tokenHash === tokenHash);
    if (tokenHash !== null && login < 0) return 'NOAUTH';
    if (request.kind === 'inventory') {
      const { upcs } = request;
      const unknown = upcs.filter((upc) => !this.available.has(upc));
      if (unknown.length > 0) return `NOITEM ${unknown.join(', ')}`;
      return upcs.length === 0 ? () => this.#items([...this.available.keys()]) : this.#items(upcs);
    }
    const mine = this.orders.filter((one) => one.user === user);
    if (request.kind === 'order') {
      const first = mine.find((one) => one.id === request.order);
      return first ? again(first.outcome) : 'NOORDER';
    }
    if (request.kind === 'orders') return () => this.#page(user, request.count, request.before);

    if (request.kind === 'purchase') return this.#purchase(request, user, mine);
    if (request.kind !== 'whoami' && request.kind !== 'logout') throw new Error(request.kind);
    if (request.kind === 'whoami') return `${user} since ${since}`;
    if (tokenHash !== null) this.logins.splice(login, 1);
    return 'bye';
  }

  #purchase(request: PurchaseRequest, user: string, mine: readonly ModelOrder[]): string {
    const asked = request.lines.map(({ upc, qty }) => `${upc}x${qty}`);
    const key = [...asked].sort().join(' ');
    const first = mine.find((one) => one.id === request.order);
    if (first) return first.asked === key ? again(first.outcome) : 'ORDERREUSED';
    const outcome = this.#buy(request.lines);
    if (request.named || outcome.startsWith('bought')) {
      this.orders.push({ user, id: request.order, asked: key, outcome });
    }
    return outcome;
  }

  #buy(lines: readonly { upc: number; qty: number }[]): string {
    const unknown = lines.filter(({ upc }) => !this.available.has(upc));
    if (unknown.length > 0) return `NOITEM ${unknown.map(({ upc }) => upc).join(', ')}`;
    const left = lines.map(({ upc, qty }) => ({ upc, qty, units: this.#units(upc) }));
    const short = left.filter(({ qty, units }) => qty > units);
    if (short.length > 0) {
      return `NOSTOCK ${short.map(({ upc, qty, units }) => `${upc} asked ${qty} available ${units}`).join('; ')}`;
    }
    for (const { upc, qty, units } of left) this.available.set(upc, units - qty);
    return `bought ${left.map(({ upc, qty, units }) => `${qty} of ${upc} leaving ${units - qty}`).join(', ')}`;
  }

  #page(user: string, count: number, before: string | null): string {
    const newestFirst = this.orders.filter((one) => one.user === user).reverse();
    const at = newestFirst.findIndex(({ id }) => id === before);
    if (before !== null && at < 0) return 'NOORDER';
    const page = newestFirst.slice(at + 1, at + 1 + count);
    return page.map(({ id, outcome }) => `${id}: ${outcome}`).join(' | ');
  }

  #items(upcs: readonly number[]): string {
    return upcs.map((upc) => `${upc}: ${this.#units(upc)}`).join(', ');
  }

  #units(upc: number): number {
    return this.available.get(upc) ?? 0;
  }
}

/** An outcome that was told before. */
function again(outcome: string): string {
  return `again ${outcome}`;
}

/** An outcome in the words of the model. */
export function told(outcome: RequestResult | Page): string {
  if ('page' in outcome) throw new Error('a page that was not read');
  if (outcome instanceof Refusal) return refused(outcome);
  switch (outcome.kind) {
    case 'session':
      return `${outcome.session.user} since ${outcome.session.since}`;
    case 'loggedOut':
      return 'bye';
    case 'inventory':
      return outcome.items
        .slice()
        .map(({ upc, available }) => `${upc}: ${available}`)
        .join(', ');
    case 'receipt':
      return outcome.replayed ? again(orderTold(outcome.order)) : orderTold(outcome.order);
    case 'transaction':
      return outcome.outcomes.map((one) => `${told(one)}; `).join('');
    case 'orders':
      return outcome.orders.map((order) => `${order.id}: ${orderTold(order)}`).join(' | ');
    default:
      throw new Error(outcome.kind);
  }
}

function orderTold({ refusal, lines }: Order): string {
  if (refusal !== null) return refused(refusal);
  return `bought ${lines.map(({ upc, qty, available }) => `${qty} of ${upc} leaving ${available}`).join(', ')}`;
}

/** The code, and what the sentence tells behind its colon. */
function refused({ code, message }: Refusal): string {
  if (code === 'ORDERREUSED') return code;
  const [sentence = '', refusedAt] = message.split(' (refused at ');
  const colon = sentence.indexOf(': ');
  const told = colon < 0 ? code : `${code} ${sentence.slice(colon + 2)}`;
  return refusedAt === undefined ? told : again(told);
}
