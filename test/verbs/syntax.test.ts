import { expect, test } from 'vitest';
import { encode, Status } from '../../src/protocol/encoder.ts';
import { VERBS } from '../../src/verbs/index.ts';
import { argumentsOf } from '../../src/verbs/syntax.ts';

const optional = { flags: [new Status('optional')] };
const multiple = { flags: [new Status('multiple')] };
const text = (name: string) => ({ name, type: 'string' });
const fixed = (token: string) => ({ name: token.toLowerCase(), type: 'pure-token', token });

test.for<[string, object[]]>([
  ['', []],
  ['user password', [text('user'), text('password')]],
  ['[text]', [{ ...text('text'), ...optional }]],
  [
    '[section …]',
    [{ ...text('section'), flags: [new Status('optional'), new Status('multiple')] }],
  ],
  ['channel [channel …]', [{ ...text('channel'), ...multiple }]],
  ['id FOR seconds', [text('id'), { name: 'seconds', type: 'integer', token: 'FOR' }]],
  ['ON|OFF', [{ name: 'choice', type: 'oneof', arguments: [fixed('ON'), fixed('OFF')] }]],
  [
    'upc qty [upc qty …] [ORDER id]',
    [
      {
        name: 'block',
        type: 'block',
        arguments: [
          { name: 'upc', type: 'integer' },
          { name: 'qty', type: 'integer' },
        ],
        ...multiple,
      },
      { ...text('id'), token: 'ORDER', ...optional },
    ],
  ],
  [
    '[2|3 [SETNAME name]]',
    [
      {
        name: 'block',
        type: 'block',
        arguments: [
          { name: 'choice', type: 'oneof', arguments: [fixed('2'), fixed('3')] },
          { ...text('name'), token: 'SETNAME', ...optional },
        ],
        ...optional,
      },
    ],
  ],
  [
    'ID|SETNAME name|user password',
    [
      {
        name: 'choice',
        type: 'oneof',
        arguments: [
          fixed('ID'),
          { ...text('name'), token: 'SETNAME' },
          { name: 'block', type: 'block', arguments: [text('user'), text('password')] },
        ],
      },
    ],
  ],
])('%s', ([syntax, expected]) => {
  expect(argumentsOf(syntax)).toEqual(expected);
});

test.for([...VERBS.values()])('the words of $name are all there, in their order', ({ syntax }) => {
  const told = encode(argumentsOf(syntax), 2);
  let from = 0;
  const words: readonly string[] = syntax.match(/[\w-]+/g) ?? [];
  // Words that may be repeated are told once.
  for (const word of [...new Set<string>(words)]) {
    expect(told.indexOf(`\r\n${word}\r\n`, from)).toBeGreaterThanOrEqual(0);
    if (/^[a-z]/.test(word)) from = told.indexOf(`\r\n${word}\r\n`, from);
  }
});
