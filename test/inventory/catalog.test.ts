import { describe, expect, test } from 'vitest';
import { CATALOG, CatalogError, parseCatalog } from '../../src/inventory/catalog.ts';

describe('the built-in catalogue', () => {
  test('is one that a file could hold', () => {
    expect(parseCatalog(JSON.stringify(CATALOG))).toEqual(CATALOG);
  });

  test('has at least 12 items, from UPC 1001 up, and 50 or more units of most', () => {
    expect(CATALOG.length).toBeGreaterThanOrEqual(12);
    expect(Math.min(...CATALOG.map(({ upc }) => upc))).toBe(1001);
    expect(CATALOG.filter(({ units }) => units >= 50).length).toBeGreaterThan(CATALOG.length / 2);
  });
});

describe('a catalogue file', () => {
  test('may hold any whole units, zero too, and any text as a name', () => {
    const items = [
      { upc: 1, name: 'Café “Ünïcode” 😀', units: 0 },
      { upc: 2 ** 53 - 1, name: 'x'.repeat(200), units: 2 ** 53 - 1 },
    ];
    expect(parseCatalog(JSON.stringify(items))).toEqual(items);
  });

  test('may begin with a byte order mark, as editors on Windows write it', () => {
    expect(parseCatalog('\ufeff[{"upc":1,"name":"a","units":2}]')).toEqual([
      { upc: 1, name: 'a', units: 2 },
    ]);
  });

  const good = '{"upc":1,"name":"a","units":2}';
  const upc = 'entry 2: "upc" must be a whole number from 1, got ';
  const name = 'entry 2: "name" must be a text that is not empty, got ';
  const units = 'entry 2: "units" must be a whole number from 0, got ';
  const length = 'entry 2: "name" must have at most 200 characters and no control characters';
  test.for([
    ['{"upc":1}', 'not a list: expected [{"upc":…}, …]'],
    ['null', 'not a list: expected [{"upc":…}, …]'],
    ['[]', 'the list is empty: there is nothing to sell'],
    [`[${good},7]`, 'entry 2: expected an object with upc, name and units'],
    [`[${good},null]`, 'entry 2: expected an object with upc, name and units'],
    [`[${good},[]]`, 'entry 2: expected an object with upc, name and units'],
    [`[${good},{"name":"b","units":2}]`, `${upc}nothing`],
    [`[${good},{"upc":0,"name":"b","units":2}]`, `${upc}0`],
    [`[${good},{"upc":-5,"name":"b","units":2}]`, `${upc}-5`],
    [`[${good},{"upc":1.5,"name":"b","units":2}]`, `${upc}1.5`],
    [`[${good},{"upc":"2","name":"b","units":2}]`, `${upc}"2"`],
    [`[${good},{"upc":9007199254740992,"name":"b","units":2}]`, `${upc}9007199254740992`],
    [`[${good},{"upc":2,"units":2}]`, `${name}nothing`],
    [`[${good},{"upc":2,"name":"","units":2}]`, `${name}""`],
    [`[${good},{"upc":2,"name":" \\t","units":2}]`, `${name}" \\t"`],
    [`[${good},{"upc":2,"name":5,"units":2}]`, `${name}5`],
    [`[${good},{"upc":2,"name":"a\\u001b[2J","units":2}]`, length],
    [`[${good},{"upc":2,"name":"a\\u009b2J","units":2}]`, length],
    [`[${good},{"upc":2,"name":"${'x'.repeat(201)}","units":2}]`, length],
    [`[${good},{"upc":2,"name":"b"}]`, `${units}nothing`],
    [`[${good},{"upc":2,"name":"b","units":-1}]`, `${units}-1`],
    [`[${good},{"upc":2,"name":"b","units":1.5}]`, `${units}1.5`],
    [`[${good},{"upc":2,"name":"b","units":"2"}]`, `${units}"2"`],
    [`[${good},{"upc":2,"name":"b","units":null}]`, `${units}null`],
    [`[${good},{"upc":2,"name":"b","units":2,"price":1}]`, 'entry 2: unknown field "price"'],
    [`[${good},{"upc":1,"name":"b","units":2}]`, 'entry 2: UPC 1 is already entry 1'],
  ])('%s is refused: %s', ([json, message]) => {
    expect(() => parseCatalog(json as string)).toThrow(new CatalogError(message));
  });

  test.for(['', 'upc,name', '[{"upc":1,}]', '[1'])(
    '%j is not JSON, and the place is told',
    (text) => {
      expect(() => parseCatalog(text)).toThrow(CatalogError);
      expect(() => parseCatalog(text)).toThrow(/^not JSON: ./);
    },
  );
});
