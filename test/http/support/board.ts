/** A board of levels over a list of items, without a store. */
import { ItemLists } from '../../../src/http/item-lists.ts';
import { LevelBoard } from '../../../src/http/level-board.ts';
import type { LevelReader } from '../../../src/http/level-reader.ts';
import type { Stock } from '../../../src/inventory/model.ts';

export const item = (upc: number, available = 10): Stock => ({
  upc,
  name: `Thing ${upc}`,
  available,
});

/** `meanwhile` is waited for in the middle of each reading. */
export function boardOf(
  items: readonly Stock[],
  meanwhile: () => Promise<void> = async () => undefined,
) {
  let readings = 0;
  const reader = {
    all: async () => {
      readings++;
      const read = [...items];
      await meanwhile();
      return read;
    },
  } as unknown as LevelReader;
  const board = new LevelBoard(reader, (upc) => (upc === 1 ? 40 : undefined));
  return { board, lists: new ItemLists(board), readings: () => readings };
}
