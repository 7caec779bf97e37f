/** What the parts of the growth benchmark share. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Times } from '../measure.ts';
import { catalogOf, OWN_ENTRY, startInv } from '../peers/inv.ts';
import type { RunningPeer, Stock } from '../peers/peer.ts';
import { median } from '../samples.ts';

export interface Plan extends Times {
  readonly orders: number;
  readonly holds: number;
  readonly items: number;
  readonly rounds: number;
}

/** A row of the report: what, how much, what is wanted, and whether it is so. */
export type Row = readonly [string, string, string, string];

export function verdict(reached: boolean): string {
  return reached ? 'reached' : '**not reached**';
}

/** Starts `inv serve` on the data file of that name, which may be there already. */
export function startOn(folder: string, data: string, stock: Stock): Promise<RunningPeer> {
  const catalog = join(folder, 'catalog.json');
  writeFileSync(catalog, JSON.stringify(catalogOf(stock)));
  return startInv(OWN_ENTRY, [], join(folder, data), catalog, stock);
}

/** Values under names, told as they come. */
export class Notes {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    console.log(`${name}: ${value.toLocaleString('en-US', { maximumFractionDigits: 2 })}`);
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }

  median(name: string): number {
    return median(this.#values.get(name) ?? []) ?? Number.NaN;
  }

  /** The median of the ratios within each round: what slows a round slows both. */
  ratio(name: string, other: string): number {
    const others = this.#values.get(other) ?? [];
    const ratios = this.#values.get(name)?.map((value, round) => value / (others[round] as number));
    return median(ratios ?? []) ?? Number.NaN;
  }

  largest(name: string): number {
    return Math.max(...(this.#values.get(name) ?? []));
  }
}
