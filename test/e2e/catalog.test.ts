// Catalogue files from the field, one that changes while the server sells, and one of many items.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { type ServeProcess, serve, serveToEnd } from '../support/serve-process.ts';

const FIELD = join(import.meta.dirname, '../inventory/catalog-file/field');
const field = (name: string) => join(FIELD, name);

describe('a file from the field is refused, in one line with its place', () => {
  test.for([
    ['latin1.csv', /:2:9: not UTF-8/],
    ['twice.json', /:1:37: "units" is given twice$/],
    ['zero-number.json', /:1:9: .*put the digits in quotes, "012345678905"$/],
    ['sscc.json', /:1:9: .* to 9007199254740991, got 340123450000000018$/],
    ['too-large.json', /:1:36: .* got 9007199254740991\.3$/],
    ['trailing-comma.json', /:3:1: the list ends behind a comma/],
    ['lines.jsonl', /:1:1: not a list: expected \[\{"upc":…\}, …\]/],
  ] as const)('%s', async ([name, message]) => {
    using folder = new TemporaryFolder();
    const data = folder.file('shop.db');
    const ended = await serveToEnd('--data', data, '--port', '0', '--catalog', field(name));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr.trimEnd()).toMatch(message);
    expect(ended.stderr).toMatch(/^inv: [^\n]+\n$/);
    expect(ended.stderr).toContain(`inv: ${field(name)}:`);
    expect(existsSync(data)).toBe(false);
  });
});

/** Resolves with the line of the log that tells of `event`. */
function logged({ child }: ServeProcess, event: string): Promise<Record<string, unknown>> {
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const parsed = JSON.parse(line);
      if (parsed.event === event) resolve(parsed);
    });
  });
}

const csv = (...lines: string[]) => `upc,name,units\n${lines.join('\n')}\n`;

describe('a catalogue that changes while the server sells', () => {
  test('is in force within five seconds: new items, none of the old ones, levels kept', async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('items.csv');
    writeFileSync(file, csv('1,one,10', '2,two,20'));
    await using server = await serve(folder.file('shop.db'), '--catalog', file);
    await using client = await server.login();
    await client.ask('PURCHASE 1 4');
    const changed = logged(server, 'catalogue changed');
    // As editors and deployments write: another file, put over the old one.
    writeFileSync(folder.file('new'), csv('1,first,10', '003,three,30'));
    const started = performance.now();
    renameSync(folder.file('new'), file);
    expect(await changed).toMatchObject({ level: 'info', items: 2, added: 1, gone: 1, renamed: 1 });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await client.ask('INVENTORY')).toMatchObject([
      { upc: 1, name: 'first', available: 6 },
      { upc: 3, name: 'three', available: 30 },
    ]);
    expect(await client.ask('PURCHASE 3 1')).toMatchObject({ lines: [{ available: 29 }] });
    expect(await client.ask('PURCHASE 2 1')).toMatchObject({ code: 'NOITEM' });
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  test('is read at once on SIGHUP; a faulty one, or none, changes nothing and is logged', async () => {
    using folder = new TemporaryFolder();
    const file = folder.file('items.json');
    writeFileSync(file, '[{"upc":1,"name":"one","units":10}]');
    await using server = await serve(folder.file('shop.db'), '--catalog', file);
    await using client = await server.login();
    writeFileSync(file, '[{"upc":1,"name":"one","units":10},\n{"upc":2,');
    const half = logged(server, 'file not taken');
    server.child.kill('SIGHUP');
    expect(await half).toMatchObject({
      level: 'error',
      what: 'catalogue',
      error: expect.stringMatching(/items\.json:2:10: expected the name of a field/),
    });
    rmSync(file);
    const gone = logged(server, 'file not taken');
    server.child.kill('SIGHUP');
    expect(await gone).toMatchObject({ error: expect.stringMatching(/there is no such file$/) });
    expect(await client.ask('PURCHASE 1 1')).toMatchObject({ lines: [{ available: 9 }] });
    writeFileSync(file, '[{"upc":1,"name":"one","units":10},\n{"upc":2,"name":"two","units":5}]');
    const changed = logged(server, 'catalogue changed');
    server.child.kill('SIGHUP');
    expect(await changed).toMatchObject({ items: 2, added: 1 });
    expect(await client.ask('PURCHASE 2 1')).toMatchObject({ lines: [{ available: 4 }] });
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});
