import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../src/inventory/catalog.ts';
import { readCatalog } from '../../src/inventory/catalog-file/read-catalog.ts';

describe('the built-in catalogue', () => {
  test('is one that a file could hold', async () => {
    const file = Buffer.from(JSON.stringify(CATALOG));
    expect(await readCatalog('items.json', file)).toEqual(CATALOG);
  });

  test('has at least 12 items, from UPC 1001 up, and 50 or more units of most', () => {
    expect(CATALOG.length).toBeGreaterThanOrEqual(12);
    expect(Math.min(...CATALOG.map(({ upc }) => upc))).toBe(1001);
    expect(CATALOG.filter(({ units }) => units >= 50).length).toBeGreaterThan(CATALOG.length / 2);
  });
});
