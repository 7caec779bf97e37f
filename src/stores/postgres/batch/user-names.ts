/**
 * The users whose names a database cannot store, because its encoding is none of Unicode: what they ask is refused, and
 * all others go on. Shops of earlier versions are in such databases; new ones are not made there.
 */
import type { Request } from '../../../inventory/model.ts';
import { Refusal } from '../../../inventory/order.ts';
import type { Settled } from '../../../inventory/store.ts';
import type { Report } from '../../report.ts';
import type { Connector } from '../connection/connector.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
} from '../connection/database-connection.ts';
import { UNTRANSLATABLE } from '../connection/sqlstates.ts';
import { settleOthers } from './settle-others.ts';

/** How long the database may take to look at names. */
const ASK_TIMEOUT_MS = 5_000;

/** Every encoding has these. */
const ASCII = /^[\x20-\x7e]*$/;

export class UserNames {
  readonly #report: Report;
  readonly #canBeStored = new Map<string, boolean>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** Settles the requests of the others, and asks the database for names that it was not asked for before. */
  async settle(
    requests: readonly Request[],
    { current }: Connector,
    settle: (others: readonly Request[]) => Promise<Settled>,
  ): Promise<Settled> {
    if (current === null || current.storesEveryText) return await settle(requests);
    const users = requests.map(userNamedBy);
    const isUnknown = (user: string) => !ASCII.test(user) && !this.#canBeStored.has(user);
    await this.#ask([...new Set(users.filter(isUnknown))], current);
    const refused = users.map((user) =>
      this.#canBeStored.get(user) === false ? refusalOf(user, current.encoding) : null,
    );
    return await settleOthers(requests, refused, settle);
  }

  async #ask(users: readonly string[], connection: DatabaseConnection): Promise<void> {
    if (users.length === 0) return;
    const { sql, encoding } = connection;
    try {
      const answers = await connection.pipeline(
        users.map((user) => sql`SELECT ${user}::text`),
        ASK_TIMEOUT_MS,
      );
      for (const [index, { error }] of answers.entries()) {
        const user = users[index] as string;
        const canBeStored = error?.code !== UNTRANSLATABLE;
        this.#canBeStored.set(user, canBeStored);
        if (!canBeStored) this.#report('user cannot be stored', { level: 'warn', user, encoding });
      }
    } catch (error) {
      // The batch itself will meet the same.
      if (!(error instanceof DatabaseConnectionLost)) throw error;
    }
  }
}

/** Whose name is told to the database for a request; an empty text for nobody. */
function userNamedBy(request: Request): string {
  switch (request.kind) {
    case 'transaction':
      return request.requests.map(userNamedBy).find((user) => user !== '') ?? '';
    case 'login':
      return request.login.user;
    case 'resume':
    case 'auth':
    case 'logout':
    case 'whoami':
    case 'inventory':
      return '';
    default:
      return request.session?.user ?? '';
  }
}

function refusalOf(user: string, encoding: string): Refusal {
  return new Refusal(
    'UNAVAILABLE',
    `the database of this shop cannot store the name '${user}': its encoding is ${encoding}; ` +
      'the operator must move it to one with the encoding UTF8',
  );
}
