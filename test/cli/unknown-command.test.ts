import type { Command } from '@oclif/core';
import { expect, test } from 'vitest';
import { type Commands, unknownCommand } from '../../src/cli/unknown-command.ts';

const ids = ['completion', 'serve', 'shop', 'shop:inventory', 'shop:login', 'shop:purchase'];
const commands = ids.map((id) => ({ id, hidden: false }) as Command.Loadable);
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
