/** PROTOCOL.md against the program: its conversations are held with a real server, its tables compared. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as catalog from '../src/inventory/catalog.ts';
import * as refusals from '../src/inventory/refusals.ts';
import * as inventoryLimits from '../src/inventory/user-limits.ts';
import * as passwordText from '../src/password-text.ts';
import { encodeCommand, Status } from '../src/protocol/encoder.ts';
import { ERRORS, RETRY_WORDS } from '../src/protocol/error-codes.ts';
import * as limits from '../src/protocol/limits.ts';
import { RequestDecoder } from '../src/protocol/request-decoder.ts';
import * as lingeringClose from '../src/server/lingering-close.ts';
import * as orderIds from '../src/server/order-ids.ts';
import * as passwords from '../src/server/passwords.ts';
import * as server from '../src/server/server.ts';
import { VERBS } from '../src/verbs/index.ts';
import type { Caller, Command, Verb } from '../src/verbs/verb.ts';
import { converse, parseConversation, parseTranscript } from './support/conversation.ts';
import { parseDocument, type Section, tableRows, under } from './support/document.ts';

const path = join(import.meta.dirname, '../PROTOCOL.md');
const sections = parseDocument(await readFile(path, 'utf8'));
const verbSections = under(sections, 'The verbs');

const conversations = sections.flatMap(({ title, blocks }) =>
  blocks
    .filter(({ kind }) => kind === 'session' || kind === 'nc')
    .map(({ kind, line, lines }) => ({ title, kind, line, lines })),
);

describe('every conversation goes as it is written', { concurrent: true }, () => {
  test.for(conversations)('line $line: $title', async ({ kind, lines }) => {
    await converse(kind === 'nc' ? parseTranscript(lines) : parseConversation(lines));
  });
});

test('the chapters stand in their order', () => {
  expect(sections.filter(({ level }) => level === 2).map(({ title }) => title)).toEqual([
    'Conventions',
    'Errors',
    'The life of a connection',
    'The verbs',
    'Retrying safely',
    'Limits',
    'A session by hand',
  ]);
  expect(sections.at(-1)?.blocks.map(({ kind }) => kind)).toEqual(['nc']);
});

test('every verb has a section with its syntax, and every section a verb', () => {
  expect(verbSections.map(({ title }) => title)).toEqual(
    [...VERBS.values()].map(({ name, syntax }) => `\`${`${name} ${syntax}`.trim()}\``),
  );
});

test.for([...VERBS.values()])('$name: login, errors and an example', ({ name, access }) => {
  const section = sectionOf(name);
  const needsLogin = access === 'user';
  expect(section.text).toContain(`Needs a login: ${needsLogin ? 'yes' : 'no'}.`);
  const list = section.text.split('\n\n').find((paragraph) => paragraph.startsWith('Errors: '));
  expect(list).toBeDefined();
  const codes = codesIn(list ?? '');
  expect(codes.includes('NOAUTH')).toBe(needsLogin);

  const replies: string[] = [];
  for (const block of section.blocks) {
    let asked = false;
    for (const step of parseConversation(block.lines)) {
      if ('event' in step) continue;
      // An example may log in first; what that is answered with is another section's.
      if (step.from === 'client') asked = step.lines.some((line) => line.split(' ')[0] === name);
      else if (asked) replies.push(...step.lines);
    }
  }
  expect(replies).not.toEqual([]);
  const shown = replies.filter((line) => /^-[A-Z]/.test(line)).map((line) => line.slice(1));
  for (const error of shown) expect([...codes, 'ERR']).toContain(error.split(' ')[0]);
});

test.for([
  ['PURCHASE', [], []],
  ['HOLD', [], ['FOR', '60']],
  ['RETURN', ['a-1'], []],
] as const)('%s takes as many lines as its bounds say, and not one more', ([name, head, tail]) => {
  const bounds = /1 to (\d+) lines without `ORDER`, 1 to (\d+) with it/.exec(sectionOf(name).text);
  const [, without, named] = (bounds ?? []).map(Number) as [number, number, number];
  for (const [most, id] of [[without, []] as const, [named, ['ORDER', 'a-2']] as const]) {
    const taken = (lines: number) => {
      const decoder = new RequestDecoder();
      const words = [name, ...head, ...Array(lines).fill(['1001', '1']).flat(), ...tail, ...id];
      decoder.push(Buffer.from(encodeCommand(words)));
      return VERBS.get(name)?.parse(decoder.next(limits.MAX_COMMAND_BYTES) as string[]);
    };
    expect(taken(most)).toMatchObject({ lines: [{ upc: 1001, qty: most }] });
    expect(() => taken(most + 1)).toThrow();
  }
});

test('COMMAND DOCS is nested as deep as the text says', () => {
  const depth = (value: unknown): number =>
    typeof value === 'object' && value !== null && !(value instanceof Status)
      ? 1 + Math.max(0, ...Object.values(value).map(depth))
      : 0;
  const verb = VERBS.get('COMMAND') as Verb;
  const docs = verb.answer(verb.parse(['COMMAND', 'DOCS']) as Command, {} as Caller);
  const { text = '' } = sections.find(({ title }) => title === 'Replies') ?? {};
  expect(text).toContain(
    `\`COMMAND DOCS\`, which tells Redis tools of the verbs, ${depth(docs)} (`,
  );
});

test('the table of errors is the table that the code reads', () => {
  const [table] = sections.filter(({ title }) => title === 'Errors');
  expect(tableRows(table?.text ?? '')).toEqual(
    Object.entries(ERRORS).map(([code, { meaning, retry, settlesOrder, closes }]) => [
      `\`${code}\``,
      meaning,
      RETRY_WORDS[retry],
      settlesOrder ? 'yes' : 'no',
      closes,
    ]),
  );
});

test('the errors that settle an order are those of the rules for retrying, and of its table', () => {
  const [section] = sections.filter(({ title }) => title === 'Retrying safely');
  const text = section?.text ?? '';
  const settling = Object.entries(ERRORS).filter(([, { settlesOrder }]) => settlesOrder);
  const sentence = /\*\*Only a reply settles an order\*\*: [^:.]*/.exec(text)?.[0] ?? '';
  expect(codesIn(sentence).sort()).toEqual(settling.map(([code]) => code).sort());
  for (const [replies = '', order = ''] of tableRows(text)) {
    for (const code of codesIn(replies)) {
      expect([code, !order.startsWith('is not settled')]).toEqual([
        code,
        ERRORS[code as keyof typeof ERRORS].settlesOrder,
      ]);
    }
  }
  // A verb that said it anew could say otherwise.
  for (const verb of verbSections)
    expect(verb.text).not.toMatch(/\bsettles? (nothing|an? order)\b/);
});

test('the libraries that are said to send again are those of which docs/clients.md tells it', async () => {
  const tried = await readFile(join(import.meta.dirname, '../docs/clients.md'), 'utf8');
  const [, named = ''] =
    /\(([^)]*)\):\s+a `PURCHASE` without an id/.exec(sectionOf('PURCHASE').text) ?? [];
  const libraries = named.match(/[\w-]*(redis|valkey)[\w-]*/g) ?? [];
  expect(libraries).not.toEqual([]);
  const lines = tried.split('\n').filter((line) => /sends\s+again/.test(line));
  for (const library of libraries) {
    expect([library, lines.some((line) => line.includes(library))]).toEqual([library, true]);
  }
});

test('every error that can be provoked over the wire stands in a conversation', () => {
  const text = conversations.flatMap(({ lines }) => lines).join('\n');
  const shown = Object.keys(ERRORS).filter((code) =>
    new RegExp(`^(S.?: )?-${code} `, 'm').test(text),
  );
  // The server of the conversations speaks no TLS, is never full, and has a store that commits.
  const described = ['TLSONLY', 'BUSY', 'UNAVAILABLE'];
  expect(shown).toEqual(Object.keys(ERRORS).filter((code) => !described.includes(code)));
});

test('every code that the text names exists', () => {
  const unknown = sections
    .flatMap(({ text }) => [...text.matchAll(/`([A-Z_]{2,})`/g)].map(([, word]) => word as string))
    .filter(
      (word) => !(word in ERRORS || VERBS.has(word) || word in everyLimit || WORDS.has(word)),
    );
  expect(unknown).toEqual([]);
});

/** Options and replies: words in capitals that are neither verbs, nor codes, nor limits. */
const WORDS = new Set(
  'BEFORE COUNT DOCS FOR GETNAME ID LIST OFF OK ON PONG QUEUED SETINFO SETNAME _MS'.split(' '),
);

const everyLimit: Record<string, number> = {
  ...numbersOf(limits),
  ...numbersOf(passwords),
  ...numbersOf(lingeringClose),
  ...numbersOf(server),
  ...numbersOf(orderIds),
  ...numbersOf(catalog),
  ...numbersOf(inventoryLimits),
  ...numbersOf(passwordText),
  ...numbersOf(refusals),
};

test('the tables of limits hold every limit with its value, and no other', () => {
  const [section] = sections.filter(({ title }) => title === 'Limits');
  const rows = tableRows(section?.text ?? '');
  const written = rows.map(([name, value]) => [
    (name as string).replaceAll('`', ''),
    Number(value?.replaceAll(',', '')),
  ]);
  expect(Object.fromEntries(written)).toEqual(everyLimit);
  expect(written).toHaveLength(Object.keys(everyLimit).length);
  for (const row of rows) expect(row.filter((cell) => cell !== '')).toHaveLength(4);
});

function sectionOf(verb: string): Section {
  const section = verbSections.find(({ title }) => title.slice(1).split(/[ `]/)[0] === verb);
  if (section === undefined) throw new Error(`no section of ${verb}`);
  return section;
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([A-Z]+)`/g)]
    .map(([, word]) => word as string)
    .filter((word) => word in ERRORS);
}

function numbersOf(module: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(module).filter(([, value]) => typeof value === 'number'),
  );
}
