import { expect, test } from 'vitest';
import { reasonFor } from '../../../../src/stores/postgres/connection/sqlstates.ts';

const failure = (message: string, code: string) => Object.assign(new Error(message), { code });

test.each([
  ['write CONNECTION_CLOSED 127.0.0.1:5432', 'CONNECTION_CLOSED', 'the connection was closed'],
  ['write CONNECTION_ENDED 127.0.0.1:5432', 'CONNECTION_ENDED', 'the connection was closed'],
  ['write CONNECTION_DESTROYED db:5432', 'CONNECTION_DESTROYED', 'the connection was closed'],
  [
    'the connection was closed during the login',
    'CONNECTION_CLOSED',
    'the connection was closed during the login',
  ],
  ['write CONNECT_TIMEOUT db:5432', 'CONNECT_TIMEOUT', 'it cannot be reached (no answer)'],
  [
    'canceling statement due to lock timeout',
    '55P03',
    "somebody else has locked what is needed (canceling statement due to lock timeout): try again when that transaction has ended, or end it (SELECT pid, query FROM pg_stat_activity WHERE state = 'idle in transaction')",
  ],
  ['connect EHOSTUNREACH', 'EHOSTUNREACH', 'it cannot be reached (connect EHOSTUNREACH)'],
])('%s is told in words', (message, code, words) => {
  expect(reasonFor(failure(message, code), { database: 'inv', option: '--data' })).toBe(words);
});
