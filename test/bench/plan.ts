/** What is measured, and what is wanted of it. */
import type { Scenario } from './measure.ts';

export const SCENARIOS: readonly Scenario[] = [
  { connections: 1, inFlight: 1, hot: false },
  { connections: 1, inFlight: 16, hot: false },
  { connections: 1, inFlight: 64, hot: false },
  { connections: 50, inFlight: 1, hot: false },
  { connections: 50, inFlight: 1, hot: true },
  { connections: 50, inFlight: 16, hot: false },
  // Right behind the purchases with which they are compared.
  { connections: 50, inFlight: 16, hot: false, kind: 'hold' },
  { connections: 50, inFlight: 16, hot: false, kind: 'hold-confirm' },
  { connections: 50, inFlight: 1, hot: false, kind: 'hold' },
  { connections: 50, inFlight: 1, hot: false, kind: 'hold-confirm' },
  { connections: 50, inFlight: 16, hot: true },
  { connections: 50, inFlight: 64, hot: false },
];

/** What those hold who can have 16 requests in flight, and what PostgreSQL's clients do. */
const HOLDS = ['50x16-hold', '50x16-hold-confirm'];
const HOLDS_ONE_BY_ONE = ['50x1-hold', '50x1-hold-confirm'];

const UNDER_LOAD = ['50x1', '50x16', '50x64'];

/**
 * Whether this server takes part in this scenario. A server not named here takes part in all: a hot
 * item is nothing to one that does nothing, and PostgreSQL's clients do not pipeline purchases.
 */
export function takesPart(peer: string, scenario: string): boolean {
  switch (peer) {
    case 'postgres':
      return ['1x1', '50x1', '50x1-hot', ...HOLDS_ONE_BY_ONE].includes(scenario);
    case 'nothing':
      return /^\d+x\d+$/.test(scenario);
    case 'only-ok':
      return UNDER_LOAD.includes(scenario);
    case 'inv-tls':
    case 'redis-tls':
      return scenario === '50x16';
    case 'inv-postgres':
      return ['1x1', '50x1', '50x1-hot', '50x16', '50x16-hot', ...HOLDS].includes(scenario);
    case 'other-postgres':
      return ['1x1', '50x1', '50x1-hot', '50x16', '50x16-hot'].includes(scenario);
    case 'inv-postgres-two':
    case 'other-postgres-two':
      return ['50x1-hot', '50x16', '50x16-hot'].includes(scenario);
    case 'inv-postgres-standby':
      return scenario === '50x16';
    // It may be a build from before there were holds; `pairs` compares holds with one that has them.
    case 'other':
      return scenario !== '50x16-hot' && !scenario.includes('-hold');
    default:
      return scenario !== '50x16-hot' && !HOLDS_ONE_BY_ONE.includes(scenario);
  }
}

/** One server divided by another, both of the same round. */
export interface Target {
  readonly figure: 'perSecond' | 'p999';
  /** inv, unless it is another. */
  readonly server?: string;
  readonly scenario: string;
  readonly peer: string;
  /** The same as for the server, unless the peer cannot take that load. */
  readonly peerScenario?: string;
  /** For rates at least this, for latencies at most. */
  readonly ratio: number;
}

export const TARGETS: readonly Target[] = [
  { figure: 'perSecond', scenario: '50x16', peer: 'redis', ratio: 4 },
  { figure: 'perSecond', scenario: '50x1', peer: 'redis', ratio: 2 },
  { figure: 'perSecond', scenario: '1x1', peer: 'redis', ratio: 1.5 },
  { figure: 'perSecond', scenario: '50x1-hot', peer: 'postgres', ratio: 40 },
  { figure: 'perSecond', scenario: '50x1', peer: 'postgres', ratio: 7 },
  { figure: 'perSecond', scenario: '50x1', peer: 'nothing', ratio: 0.5 },
  { figure: 'perSecond', scenario: '50x64', peer: 'nothing', ratio: 0.45 },
  { figure: 'p999', scenario: '50x16', peer: 'redis', ratio: 1 },
  {
    figure: 'perSecond',
    scenario: '50x16-hold',
    peer: 'inv',
    peerScenario: '50x16',
    ratio: 0.8,
  },
  {
    figure: 'perSecond',
    scenario: '50x16-hold-confirm',
    peer: 'inv',
    peerScenario: '50x16',
    ratio: 0.45,
  },
  { figure: 'perSecond', scenario: '50x16-hold-confirm', peer: 'redis', ratio: 3 },
  { figure: 'perSecond', server: 'inv-tls', scenario: '50x16', peer: 'inv', ratio: 0.6 },
  { figure: 'perSecond', server: 'inv-tls', scenario: '50x16', peer: 'redis-tls', ratio: 2 },
  {
    figure: 'perSecond',
    server: 'inv-postgres',
    scenario: '50x16-hot',
    peer: 'postgres',
    peerScenario: '50x1-hot',
    ratio: 30,
  },
  {
    figure: 'perSecond',
    server: 'inv-postgres',
    scenario: '50x16',
    peer: 'postgres',
    peerScenario: '50x1',
    ratio: 6,
  },
  {
    figure: 'perSecond',
    server: 'inv-postgres-two',
    scenario: '50x16-hot',
    peer: 'inv-postgres',
    ratio: 1.1,
  },
  {
    figure: 'perSecond',
    server: 'inv-postgres-two',
    scenario: '50x16',
    peer: 'inv-postgres',
    ratio: 1.2,
  },
  {
    figure: 'perSecond',
    server: 'inv-postgres-standby',
    scenario: '50x16',
    peer: 'inv-postgres',
    ratio: 0.85,
  },
];

export function isReached({ figure, ratio }: Target, actual: number): boolean {
  return figure === 'perSecond' ? actual >= ratio : actual <= ratio;
}
