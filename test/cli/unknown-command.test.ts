import type { Command } from '@oclif/core';
import { expect, test } from 'vitest';
import { type Commands, unknownCommand } from '../../src/cli/unknown-command.ts';

const ids = ['completion', 'serve', 'shop', 'shop:inventory', 'shop:login', 'shop:purchase'];
const flags = { upc: { required: true }, note: {}, qty: { required: true } };
const commands = ids.map((id) => {
  const own = id === 'shop:purchase' ? flags : {};
  return { id, hidden: false, flags: own } as unknown as Command.Loadable;
});
const config: Commands = { bin: 'inv', commands };

test.for([
  ['srve', 'no command `srve`. Did you mean `inv serve`?'],
  ['srve:5050', 'no command `srve 5050`. Did you mean `inv serve`?'],
  ['shop:purchse', 'no command `shop purchse`. Did you mean `inv shop purchase`?'],
  ['shop:inv', 'no command `shop inv`. Did you mean `inv shop inventory`?'],
  ['login', 'no command `login`. Did you mean `inv shop login`?'],
  ['shop:frobnicate', 'no command `shop frobnicate`. See `inv shop --help`.'],
  ['frobnicate', 'no command `frobnicate`. See `inv --help`.'],
  ['serve:5050', '`inv serve` takes no argument `5050`. See `inv serve --help`.'],
  ['shop:login:alice', '`inv shop login` takes no argument `alice`. See `inv shop login --help`.'],
])('%s', ([id = '', sentence]) => {
  expect(unknownCommand(id, config)).toMatchObject({ message: sentence, code: 'USAGE', exit: 2 });
});

test.for([
  ['shop:purchase:1001:2', 'did you mean `inv shop purchase --upc 1001 --qty 2`?'],
  [
    'shop:purchase:1001:2:1002:1',
    'did you mean `inv shop purchase --upc 1001 --qty 2 --upc 1002 --qty 1`?',
  ],
  [
    'shop:purchase:1001',
    '`inv shop purchase` takes no argument `1001`. See `inv shop purchase --help`.',
  ],
  [
    'shop:purchase:ticket:2',
    '`inv shop purchase` takes no argument `ticket 2`. See `inv shop purchase --help`.',
  ],
])('numbers without their options: %s', ([id = '', sentence]) => {
  expect(unknownCommand(id, config).message).toBe(sentence);
});

test.for([
  [
    ['--port', '5050', 'shop', 'inventory', '--json'],
    'options stand behind the command. Did you mean `inv shop inventory --port 5050 --json`?',
  ],
  [['-v5', 'serve'], 'options stand behind the command. Did you mean `inv serve -v5`?'],
  [['--port', '5050'], 'there is no option `--port` without a command. See `inv --help`.'],
] as const)('an option first: %s', ([words, sentence]) => {
  const [id = '', ...rest] = words;
  expect(unknownCommand(id, config, rest).message).toBe(sentence);
});

test.for([
  [['postgres://u:PW@h:1/y'], 'no command `postgres://u:PW@h:1/y`. See `inv --help`.'],
  [['postgres://u:PW@h/y', 'stock'], 'no command `postgres://u:PW@h/y stock`. See `inv --help`.'],
  [[], 'no command `postgres://u:PW@h:1/y`. See `inv --help`.'],
] as const)('an address in the place of a command is one word: %j', ([typed, sentence]) => {
  const id = typed.length === 0 ? 'postgres://u:PW@h:1/y' : typed.join(':');
  expect(unknownCommand(id, config, [], typed).message).toBe(sentence);
});

test('a word with colons of its own is told as it was typed', () => {
  const typed = ['serve:stock', 'postgres://x:1/y', '--json'];
  const stock = { id: 'serve:stock', hidden: false, flags: {} } as unknown as Command.Loadable;
  const withData = { ...stock, flags: { data: {} } } as unknown as Command.Loadable;
  const said = (command: Command.Loadable, words: readonly string[], id: string) =>
    unknownCommand(id, { bin: 'inv', commands: [...commands, command] }, [], words).message;
  const id = 'serve:stock:postgres://x:1/y';
  expect(said(stock, typed, id)).toContain('takes no argument `postgres://x:1/y`. See');
  expect(said(stock, ['serve', 'stock', 'postgres://x:1/y'], id)).toContain('`postgres://x:1/y`');
  expect(said(withData, typed, id)).toBe('did you mean `inv serve stock --data postgres://x:1/y`?');
  expect(said(stock, ['help', 'serve', 'stock', 'a:b', '--help'], 'serve:stock:a:b')).toContain(
    'takes no argument `a:b`. See',
  );
});
