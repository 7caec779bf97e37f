/** All measurements of one run of the benchmark, and their medians. */
import type { LoadResult } from './load/job.ts';

export interface Sample {
  readonly round: number;
  readonly scenario: string;
  readonly peer: string;
  readonly result: LoadResult;
}

type Figure = Exclude<keyof LoadResult, 'acknowledged' | 'measured'>;

export class Samples {
  readonly all: Sample[] = [];

  add(sample: Sample): void {
    this.all.push(sample);
  }

  peers(scenario: string): string[] {
    return [...new Set(this.#of(scenario).map(({ peer }) => peer))];
  }

  /** The median over the rounds, or null when it was not measured. */
  median(scenario: string, peer: string, figure: Figure): number | null {
    return median(this.#of(scenario, peer).map(({ result }) => result[figure]));
  }

  /** The median of the server's ratio to the peer in each round: what slows a round slows both. */
  ratio(
    scenario: string,
    peer: string,
    figure: Figure,
    { server = 'inv', peerScenario = scenario } = {},
  ): number | null {
    const own = this.#of(scenario, server);
    return median(
      this.#of(peerScenario, peer).map(({ round, result }) => {
        const value = own.find((sample) => sample.round === round)?.result[figure];
        return value === undefined || value === null ? null : value / (result[figure] as number);
      }),
    );
  }

  #of(scenario: string, peer?: string): Sample[] {
    return this.all.filter(
      (sample) => sample.scenario === scenario && (peer === undefined || sample.peer === peer),
    );
  }
}

export function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
