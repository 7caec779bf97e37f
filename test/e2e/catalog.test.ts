// Catalogue files from the field, one that changes while the server sells, and one of many items.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { type ServeProcess, serve, serveToEnd } from '../support/serve-process.ts';
import { Inv } from './inv.ts';

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

describe('a file from the field is sold', () => {
  test('spreadsheet.csv: leading zeros are shown as written, and found with and without them', async () => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'), '--catalog', field('spreadsheet.csv'));
    const inv = new Inv(folder.path, server.port);
    await inv.login();
    const mug = { upc: 12345678905, code: '012345678905', name: 'Mug, "best dad"', available: 24 };
    const marker = { upc: 4006381333931, name: 'Marker', available: 12 };
    const vinyl = { upc: 1007, code: '0000000001007', name: 'Vinyl LP', available: 300 };
    expect((await inv.json(['inventory'])).json).toEqual({ items: [vinyl, mug, marker] });
    for (const upc of ['012345678905', '12345678905', '00012345678905']) {
      expect((await inv.json(['inventory', '--upc', upc])).json).toEqual({ items: [mug] });
    }
    const bought = await inv.run(['shop', 'purchase', '--upc', '012345678905', '--qty', '1']);
    expect(bought).toMatchObject({ code: 0, stdout: expect.stringContaining(' 012345678905 ') });
    expect((await inv.json(['local'])).json).toMatchObject({
      items: [{ upc: 12345678905, code: '012345678905', units: 1 }],
    });
    expect((await inv.json(['verify'])).json).toMatchObject({ ok: true });
    const refused = await inv.run(['shop', 'purchase', '--upc', '1007', '--qty', '301']);
    expect(refused.stderr).toContain('301 × 0000000001007 (Vinyl LP) ordered, 300 left');
    const restock = (units: string) => {
      const args = ['--upc', '1007', '--units', units, '--reason', 'counted'];
      return inv.run(['serve', 'restock', ...args, '--data', folder.file('shop.db')]);
    };
    expect((await restock('+5')).stdout).toMatch(/^\+5 units of UPC 0000000001007: 305 are/);
    expect((await restock('-306')).stderr).toMatch(/UPC 0000000001007 has 305 units available/);
  });

  test('zero-text.json', async () => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'), '--catalog', field('zero-text.json'));
    const inv = new Inv(folder.path, server.port);
    await inv.login();
    expect((await inv.run(['shop', 'inventory'])).stdout).toMatch(/^│ 012345678905 │ Mug +│/m);
  });

  test('escape-name.json: the direction mark does nothing, and columns stay in line', async () => {
    using folder = new TemporaryFolder();
    const args = ['--catalog', field('escape-name.json')];
    await using server = await serve(folder.file('shop.db'), ...args);
    const inv = new Inv(folder.path, server.port);
    await inv.login();
    const { stdout } = await inv.run(['shop', 'inventory']);
    expect(stdout).toContain('Cup \ufffd gnp.exe');
    expect(stdout).not.toMatch(/\u202e/);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(new Set(lines.map((line) => stringWidth(line))).size).toBe(1);
    expect((await inv.run(['shop', 'purchase', '--upc', '2001', '--qty', '1'])).code).toBe(0);
    // On the wire a name is what the catalogue says, byte by byte.
    await using client = await server.login();
    const name = Buffer.from('Cup \u202e gnp.exe').toString('latin1');
    expect(await client.ask('INVENTORY 2001')).toMatchObject([{ name }]);
  });

  test('again.inv run twice buys once', async () => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'));
    const inv = new Inv(folder.path, server.port);
    const input = readFileSync(field('again.inv'), 'utf8');
    for (let run = 0; run < 2; run++) {
      expect(await inv.run(['shop'], { input })).toMatchObject({ code: 0 });
    }
    await using client = await server.login();
    expect(await client.ask('INVENTORY 1012 1013')).toMatchObject([
      { available: 399 },
      { available: 998 },
    ]);
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
