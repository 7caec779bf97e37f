import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CatalogError, type Item } from '../../../src/inventory/catalog.ts';
import { readCatalog } from '../../../src/inventory/catalog-file/read-catalog.ts';
import { watchWork } from '../../support/work.ts';

const read = (text: string, path = 'items') => readCatalog(path, Buffer.from(text));
const readJson = (text: string) => read(text, 'items.json');
const readField = (name: string) =>
  readCatalog(name, readFileSync(join(import.meta.dirname, 'field', name)));

const MAX = Number.MAX_SAFE_INTEGER;

describe('files from the field', () => {
  test.for([
    [
      'spreadsheet.csv',
      [
        { upc: 12345678905, code: '012345678905', name: 'Mug, "best dad"', units: 24 },
        { upc: 1007, code: '0000000001007', name: 'Vinyl LP', units: 300 },
        { upc: 4006381333931, name: 'Marker', units: 12 },
      ],
    ],
    ['zero-text.json', [{ upc: 12345678905, code: '012345678905', name: 'Mug', units: 24 }]],
    [
      'escape-name.json',
      [
        { upc: 2001, name: 'Cup \u202e gnp.exe', units: 5 },
        { upc: 2002, name: '日本語 ☕️ 🧑‍🚀', units: 3 },
      ],
    ],
  ] as const)('%s is sold', async ([name, items]) => {
    expect(await readField(name)).toStrictEqual(items);
  });

  test.for([
    ['latin1.csv', '2:9: not UTF-8 (byte 0xE9); save the file as UTF-8'],
    ['twice.json', '1:37: "units" is given twice'],
    [
      'zero-number.json',
      '1:9: a number cannot begin with 0: put the digits in quotes, "012345678905"',
    ],
    ['sscc.json', `1:9: "upc" must be a whole number from 1 to ${MAX}, got 340123450000000018`],
    [
      'too-large.json',
      `1:36: "units" must be a whole number from 0 to ${MAX}, got 9007199254740991.3`,
    ],
    ['trailing-comma.json', '3:1: the list ends behind a comma: take the comma before "]" away'],
    [
      'lines.jsonl',
      '1:1: not a list: expected [{"upc":…}, …], got {; put [ and ] around the items, and a comma between two of them',
    ],
  ] as const)('%s is refused: %s', async ([name, message]) => {
    await expect(readField(name)).rejects.toThrow(new CatalogError(`${name}:${message}`));
  });
});

describe('both forms', () => {
  test('hold any whole units, zero too, and any text as a name', async () => {
    const items: Item[] = [
      { upc: 1, name: 'Café “Ünïcode” 😀', units: 0 },
      { upc: MAX, name: 'x'.repeat(200), units: MAX },
    ];
    expect(await read(JSON.stringify(items))).toStrictEqual(items);
    const lines = items.map(({ upc, name, units }) => `${upc},${name},${units}`);
    expect(await read(['upc,name,units', ...lines].join('\n'), 'items.csv')).toStrictEqual(items);
  });

  test('say the same of the same items, whatever is in the names', async () => {
    const name = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((text) => !/\p{Cc}/u.test(text));
    const item = fc.record(
      {
        upc: fc.integer({ min: 1, max: MAX }),
        name: name.map((text) => `a${text}b`),
        units: fc.integer({ min: 0, max: MAX }),
      },
      { noNullPrototype: true },
    );
    const lists = fc.uniqueArray(item, { minLength: 1, selector: ({ upc }) => upc });
    await fc.assert(
      fc.asyncProperty(lists, async (items) => {
        const lines = items.map(
          (one) => `${one.upc},"${one.name.replaceAll('"', '""')}",${one.units}`,
        );
        expect(await read(JSON.stringify(items))).toStrictEqual(items);
        expect(await read(JSON.stringify(items, null, 2))).toStrictEqual(items);
        expect(await read(`upc,name,units\r\n${lines.join('\r\n')}`)).toStrictEqual(items);
      }),
    );
  });

  test('take a UPC with leading zeros as text, and refuse the same number twice', async () => {
    expect(await read('[{"upc":"007","name":"a","units":1}]')).toStrictEqual([
      { upc: 7, code: '007', name: 'a', units: 1 },
    ]);
    expect(await read('[{"upc":"7","name":"a","units":1}]')).toStrictEqual([
      { upc: 7, name: 'a', units: 1 },
    ]);
    await expect(read('upc,name,units\n7,a,1\n\n007,b,1\n')).rejects.toThrow(
      'items:4:1: UPC 7 is already given at 2:1',
    );
  });

  test('are known by what is in them, not by the name of the file', async () => {
    expect(await read(' [{"upc":1,"name":"a","units":2}]', 'items.csv')).toHaveLength(1);
    expect(await read('upc,name,units\n1,a,2', 'items')).toHaveLength(1);
    await expect(read('upc,name', 'ITEMS.JSON')).rejects.toThrow('ITEMS.JSON:1:1: not a list');
  });

  test('may have a limit per customer, and be taken back', async () => {
    const ruled = { upc: 1, name: 'a', units: 2, limit: 4, returns: true };
    expect(await read(JSON.stringify([ruled]))).toStrictEqual([ruled]);
    expect(await read('upc,name,units,limit,returns\n1,a,2,4,TRUE')).toStrictEqual([ruled]);
    expect(await read('[{"upc":1,"name":"a","units":2,"returns":false}]')).toStrictEqual([
      { upc: 1, name: 'a', units: 2, returns: false },
    ]);
    // A spreadsheet has its columns for all items.
    expect(await read('upc,name,units,limit,returns\n1,a,2,,False')).toStrictEqual([
      { upc: 1, name: 'a', units: 2, returns: false },
    ]);
  });
});

describe('bytes that are not UTF-8 are refused where they are', () => {
  test.for([
    [[0x5b, 0xff], '1:2: not UTF-8 (byte 0xFF)'],
    // A character that is cut off, with a good one before it in the line.
    [[...Buffer.from('upc\né'), 0xf0, 0x9f, 0x98, 0x41], '2:2: not UTF-8 (byte 0xF0)'],
    [[0xef, 0xbb, 0xbf, 0x5b, 0xc3], '1:2: not UTF-8 (byte 0xC3)'],
    [[...Buffer.from('\ufeff[]', 'utf16le')], '1:1: not UTF-8 (byte 0xFF)'],
    [[...Buffer.from('\ufffd'), 0xed, 0xa0, 0x80], '1:2: not UTF-8 (byte 0xED)'],
  ] as const)('%j: %s', async ([bytes, message]) => {
    await expect(readCatalog('x', Buffer.from(bytes))).rejects.toThrow(
      `x:${message}; save the file as UTF-8`,
    );
  });
});

describe('JSON is refused, in one line with its place:', () => {
  const whole = (least: number) => `must be a whole number from ${least} to ${MAX}, got`;
  const name = '"name" must be a text that is not empty, got';
  const length = '"name" must have at most 200 characters and no control characters';
  test.for([
    ['', '1:1: the file is empty: expected [{"upc":…}, …]'],
    ['\ufeff \n', '2:1: the file is empty: expected [{"upc":…}, …]'],
    ['null', '1:1: not a list: expected [{"upc":…}, …], got null'],
    ['[]', '1:1: there is no item in it: there is nothing to sell'],
    ['[7]', '1:2: expected an item, {"upc":…}, got 7'],
    ['[\n[]]', '2:1: expected an item, {"upc":…}, got ['],
    ['[', '1:2: expected an item, {"upc":…}, got the end of the file'],
    ['[{"upc":1,"name":"b","units":2}', '1:32: expected "," or "]", got the end of the file'],
    ['[{"upc":1,"name":"b","units":2}}', '1:32: expected "," or "]", got }'],
    [
      '[{"upc":1,"name":"b","units":2},]',
      '1:33: the list ends behind a comma: take the comma before "]" away',
    ],
    [
      '[{"upc":1,"name":"b","units":2,}]',
      '1:32: the item ends behind a comma: take the comma before "}" away',
    ],
    [
      '[{"upc":1,"name":"b","units":2}] x',
      '1:34: expected the end of the file behind the list, got x',
    ],
    [
      '[{"upc":1,"name":"b","units":2}][]',
      '1:33: expected the end of the file behind the list, got [',
    ],
    ['[{"upc":1 "name":"b"}]', '1:11: expected "," or "}", got "'],
    ['[{"upc" 1}]', '1:9: expected ":" behind "upc", got 1'],
    ['[{upc:1}]', '1:3: expected the name of a field, in quotes, got upc'],
    ['[{"upc":}]', '1:9: expected a text, a number, true or false, got }'],
    [
      '[{"upc":NaN}]',
      '1:9: expected a text, a number, true or false, got NaN; a text stands in quotes',
    ],
    [
      '[{"upc":True}]',
      '1:9: expected a text, a number, true or false, got True; a text stands in quotes',
    ],
    [
      '[{"upc":1.}]',
      '1:9: expected a text, a number, true or false, got 1.; a text stands in quotes',
    ],
    [
      '[{"upc":+1}]',
      '1:9: expected a text, a number, true or false, got +1; a text stands in quotes',
    ],
    ['[{"upc":1/*one*/}]', '1:10: expected "," or "}", got /'],
    ['[{"upc":1,"name":"b}]', '1:18: a text without its closing quote'],
    [
      '[{"upc":1,"name":"b\n"}]',
      '1:20: a text goes on over the end of its line, or has a control character',
    ],
    ['[{"upc":1,"name":"b\\x"}]', '1:20: no escape of JSON: \\x'],
    ['[{"upc":1,"name":"é😀\\u12"}]', '1:21: no escape of JSON: \\u'],
    ['[{"name":"b","units":2}]', '1:2: the item has no "upc"'],
    ['[{"upc":0,"name":"b","units":2}]', `1:9: "upc" ${whole(1)} 0`],
    ['[{"upc":-5,"name":"b","units":2}]', `1:9: "upc" ${whole(1)} -5`],
    ['[{"upc":1.5,"name":"b","units":2}]', `1:9: "upc" ${whole(1)} 1.5`],
    ['[{"upc":"2a","name":"b","units":2}]', `1:9: "upc" ${whole(1)} "2a"`],
    ['[{"upc":"000","name":"b","units":2}]', `1:9: "upc" ${whole(1)} "000"`],
    [
      '[{"upc":"9007199254740992","name":"b","units":2}]',
      `1:9: "upc" ${whole(1)} "9007199254740992"`,
    ],
    [
      `[{"upc":"${'1'.padStart(33, '0')}","name":"b","units":2}]`,
      '1:9: "upc" must have at most 32 digits',
    ],
    ['[{"upc":9007199254740992,"name":"b","units":2}]', `1:9: "upc" ${whole(1)} 9007199254740992`],
    ['[{"upc":1e400,"name":"b","units":2}]', `1:9: "upc" ${whole(1)} 1e400`],
    [
      `[{"upc":${'9'.repeat(70)},"name":"b","units":2}]`,
      `1:9: "upc" ${whole(1)} ${'9'.repeat(60)}…`,
    ],
    ['[{"upc":2,"units":2}]', '1:2: the item has no "name"'],
    ['[{"upc":2,"name":"","units":2}]', `1:18: ${name} ""`],
    ['[{"upc":2,"name":" \\t","units":2}]', `1:18: ${name} " \\t"`],
    ['[{"upc":2,"name":5,"units":2}]', `1:18: ${name} 5`],
    ['[{"upc":2,"name":["a"],"units":2}]', '1:18: expected a text, a number, true or false, got ['],
    ['[{"upc":2,"name":"a\\u001b[2J","units":2}]', `1:18: ${length}`],
    ['[{"upc":2,"name":"a\\u009b2J","units":2}]', `1:18: ${length}`],
    ['[{"upc":2,"name":"a\u009b2J","units":2}]', `1:18: ${length}`],
    [`[{"upc":2,"name":"${'x'.repeat(201)}","units":2}]`, `1:18: ${length}`],
    [
      '[{"upc":2,"name":"a\\ud83d","units":2}]',
      '1:18: "name" has half a character, got "a\\ud83d"',
    ],
    ['[{"upc":2,"name":"b"}]', '1:2: the item has no "units"'],
    ['[{"upc":2,"name":"b","units":-1}]', `1:30: "units" ${whole(0)} -1`],
    ['[{"upc":2,"name":"b","units":1.5}]', `1:30: "units" ${whole(0)} 1.5`],
    ['[{"upc":2,"name":"b","units":"2"}]', `1:30: "units" ${whole(0)} "2"`],
    ['[{"upc":2,"name":"b","units":null}]', `1:30: "units" ${whole(0)} null`],
    [
      '[{"upc":2,"name":"b","units":2,"price":1}]',
      '1:32: unknown field "price": an item has upc, name and units, and may have limit and returns',
    ],
    [
      '[{"upc":2,"name":"b","units":2,"__proto__":1}]',
      '1:32: unknown field "__proto__": an item has upc, name and units, and may have limit and returns',
    ],
    ['[{"upc":2,"\\u0075pc":2}]', '1:11: "upc" is given twice'],
    ['[{"upc":2,"name":"b","units":2,"limit":0}]', `1:40: "limit" ${whole(1)} 0`],
    [
      '[{"upc":2,"name":"b","units":2,"returns":"yes"}]',
      '1:42: "returns" must be true or false, got "yes"',
    ],
    [
      '[{"upc":1,"name":"a","units":2},\n{"upc":1,"name":"b","units":2}]',
      '2:8: UPC 1 is already given at 1:9',
    ],
  ])('%s: %s', async ([json, message]) => {
    await expect(readJson(json as string)).rejects.toThrow(
      new CatalogError(`items.json:${message}`),
    );
  });

  test('but numbers that are whole however they are written are taken', async () => {
    for (const units of ['50', '50.0', '5e1', '50.00e0']) {
      expect(await read(`[{"upc":1,"name":"a","units":${units}}]`)).toMatchObject([{ units: 50 }]);
    }
  });

  test('and everything else that JSON.parse takes and the catalogue does not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        await expect(readJson(text)).rejects.toThrow(/^items\.json:\d+:\d+: [^\n]+$/);
      }),
    );
  });
});

describe('CSV', () => {
  const csv = (text: string) => read(text, 'items.csv');
  const item = { upc: 1, name: 'a', units: 2 };

  test('has its columns in any order, in capitals too, with blanks around what is not in quotes', async () => {
    expect(await csv('Units, "Name" ,UPC\n 2 ,\t"a" ,1\n')).toStrictEqual([item]);
    expect(await csv('upc,name,units\n1," a ",2')).toStrictEqual([{ ...item, name: ' a ' }]);
  });

  test('may have empty lines, and lines of empty cells, as spreadsheets leave them', async () => {
    expect(await csv('\r\nupc,name,units\r\n\r\n1,a,2\r\n,,\r\n  \r\n')).toStrictEqual([item]);
  });

  test('may have every cell in quotes: an empty one says nothing, and a line of them is none', async () => {
    const text = `"upc","name","units","limit","returns"
"1","a","2","",""
"3","b","4", "" ,"true"
"","","","",""
`;
    expect(await csv(text)).toStrictEqual([item, { upc: 3, name: 'b', units: 4, returns: true }]);
    await expect(csv('"upc","name","units"\n"1","","2"')).rejects.toThrow(
      '2:1: the item has no "name"',
    );
  });

  const expected = 'expected upc,name,units[,limit][,returns]';
  const comma = '; a text with a comma in it stands in quotes';
  const whole = `must be a whole number from 0 to ${MAX}, got`;
  test.for([
    ['', `1:1: the file is empty: ${expected}`],
    ['upc,name,units\n', '1:1: there is no item in it: there is nothing to sell'],
    ['1,a,2\n', `1:1: the first line must name the columns: ${expected}, got 1`],
    ['upc;name;units\n1;a;2', `1:1: separate the columns with commas: ${expected}`],
    ['upc\tname\tunits\n', `1:1: separate the columns with commas: ${expected}`],
    ['upc,name\n1,a', `1:1: the column "units" is missing: ${expected}`],
    ['upc,name,units,UPC\n', '1:16: "upc" is given twice'],
    [
      'upc,name,units,price\n',
      '1:16: unknown field "price": an item has upc, name and units, and may have limit and returns',
    ],
    [
      'upc,name,units,\n',
      '1:16: unknown field "": an item has upc, name and units, and may have limit and returns',
    ],
    ['upc,name,units\n1,a', '2:1: expected 3 fields, as the header has, got 2'],
    ['upc,name,units\n1,a,b,2', `2:7: expected 3 fields, as the header has, got 4${comma}`],
    ['upc,name,units\n1,,2', '2:1: the item has no "name"'],
    ['upc,name,units\n1," ",2', '2:3: "name" must be a text that is not empty, got " "'],
    [
      'upc,name,units\n1,a 12" b,2',
      '2:7: a quote inside a field: put the whole field in quotes, and write each quote in it twice',
    ],
    [
      'upc,name,units\n1,"a" b,2',
      '2:7: expected a comma or the end of the line, got b behind a closing quote; a quote inside a field is written twice',
    ],
    ['upc,name,units\n1,"a\n2,b,2', '2:3: a quote without its closing quote'],
    [
      'upc,name,units\n1,"a\nb",2',
      '2:3: "name" must have at most 200 characters and no control characters',
    ],
    [
      'upc,name,units\r1,a,2',
      '1:15: expected a comma or the end of the line, got \\u000d behind a field',
    ],
    ['upc,name,units\n1,a,', '2:1: the item has no "units"'],
    ['upc,name,units\n1,a,"1,000"', `2:5: "units" ${whole} "1,000"`],
    ['upc,name,units\n1,a,1e3', `2:5: "units" ${whole} 1e3`],
    [
      'upc,name,units\n4.00638E+12,a,1',
      `2:1: "upc" must be a whole number from 1 to ${MAX}, got 4.00638E+12; a spreadsheet has shortened it: format the column as text`,
    ],
    ['upc,name,units,returns\n1,a,1,yes', '2:7: "returns" must be true or false, got yes'],
    ['upc,name,units\n1,a,2\n"1",b,2', '3:1: UPC 1 is already given at 2:1'],
  ])('%j is refused: %s', async ([text, message]) => {
    await expect(csv(text as string)).rejects.toThrow(new CatalogError(`items.csv:${message}`));
  });
});

test('100,000 items are read in parts: nobody waits for more than 50 ms of work', async () => {
  const items = Array.from({ length: 100_000 }, (_, index) => ({
    ...{ upc: index + 1, name: `Item "${index}"`, units: 5 },
  }));
  const lines = items.map(
    ({ upc, name, units }) => `${upc},"${name.replaceAll('"', '""')}",${units}`,
  );
  for (const text of [JSON.stringify(items), `upc,name,units\n${lines.join('\n')}`]) {
    const file = Buffer.from(text);
    const longest: number[] = [];
    // The best of some tries: a collection of garbage may fall into any.
    for (let round = 0; round < 3; round++) {
      const work = watchWork();
      expect(await readCatalog('items', file)).toHaveLength(100_000);
      longest.push(work.end());
    }
    expect(Math.min(...longest)).toBeLessThan(50);
  }
});
