import { describe, expect, test } from 'vitest';
import { Refusal, type Request } from '../../src/inventory/model.ts';
import { settle } from '../../src/inventory/rules.ts';
import { alice, buy, outcomes, rows, withToken } from './support/rows.ts';

describe('logins', () => {
  const login = { tokenHash: 'new', user: 'bob', since: 3, credential: 'their password' };

  test('a login can be resumed by its token, from the next request on', () => {
    const { outcomes, changes } = settle(
      [
        { kind: 'resume', tokenHash: 'new' },
        { kind: 'login', login },
        { kind: 'resume', tokenHash: 'new' },
      ],
      rows,
    );
    expect(outcomes).toEqual([
      new Refusal('NOSESSION', 'that token is not logged in; log in again'),
      { kind: 'session', session: login },
      { kind: 'session', session: login },
    ]);
    expect(changes.logins).toEqual(new Map([['new', login]]));
  });

  test('a logout ends it everywhere, from the next request on', () => {
    const { outcomes, changes } = settle(
      [
        { kind: 'whoami', session: withToken },
        { kind: 'logout', session: withToken },
        { kind: 'whoami', session: withToken },
        { kind: 'logout', session: withToken },
        { kind: 'resume', tokenHash: 'hash' },
        { kind: 'whoami', session: alice },
      ],
      rows,
    );
    expect(outcomes).toMatchObject([
      { kind: 'session', session: { user: 'alice', since: 5 } },
      { kind: 'loggedOut' },
      { code: 'NOAUTH' },
      { code: 'NOAUTH' },
      { code: 'NOSESSION' },
      { kind: 'session' },
    ]);
    expect(changes.logins).toEqual(new Map([['hash', null]]));
  });

  test('a login of the connection only is no record, and its logout changes none', () => {
    const { outcomes, changes } = settle([{ kind: 'logout', session: alice }], rows);
    expect(outcomes).toEqual([{ kind: 'loggedOut' }]);
    expect(changes.logins).toEqual(new Map());
  });
});

describe('reading', () => {
  test('the inventory of some UPCs shows what the batch took before it', () => {
    const request: Request = { kind: 'inventory', session: alice, upcs: [1, 3] };
    expect(outcomes(buy('1x3'), request, buy('1x1', { order: 'b' }))[1]).toEqual({
      kind: 'inventory',
      items: [
        { upc: 1, name: 'one', available: 7 },
        { upc: 3, name: 'three', available: 0 },
      ],
    });
    expect(outcomes({ ...request, upcs: [1, 8, 9] })).toEqual([
      new Refusal('NOITEM', 'no such UPC: 8, 9'),
    ]);
  });

  test('whole pages are left to the store, which reads them after the commit', () => {
    expect(
      outcomes(
        { kind: 'inventory', session: alice, upcs: [] },
        { kind: 'orders', session: alice, count: 3, before: 'x' },
      ),
    ).toEqual([
      { page: 'inventory' },
      { page: 'orders', user: 'alice', count: 3, before: 'x', now: 9 },
    ]);
  });
});
