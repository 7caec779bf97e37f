import { describe, expect, test } from 'vitest';
import { fixture } from './fixture.ts';

const FAULT = 'internal error: nobody waits for this; please report it (DEBUG=* shows the details)';

describe('how a command ends', () => {
  test.for([
    ['well', 0, 'sold 1\n', ''],
    ['refused', 3, '', 'inv: only 1 left of item 1001\n'],
    ['rejection', 1, '', `inv: ${FAULT}\n`],
    ['exception', 1, '', `inv: ${FAULT.replace('waits for', 'catches')}\n`],
    ['fault', 1, '', `inv: ${FAULT.replace('nobody waits for this', 'x is not a function')}\n`],
    ['interrupted', 130, '', '\n'],
    ['exit', 4, '', ''],
  ] as const)('%s: exit code %d', async ([end, code, stdout, stderr]) => {
    const ended = await fixture(['shop', 'purchase', '--qty', '1', '--end', end]);
    expect(ended).toEqual({ code, stdout, stderr });
  });

  test.for([
    ['well', 0, { sold: 1 }],
    ['refused', 3, { error: { code: 'NOSTOCK', message: 'only 1 left of item 1001' } }],
    ['rejection', 1, { error: { code: 'FAULT', message: FAULT } }],
    ['interrupted', 130, { error: { code: 'INTERRUPTED', message: 'interrupted' } }],
  ] as const)('%s with --json: exit code %d and one document', async ([end, code, document]) => {
    const ended = await fixture(['shop', 'purchase', '--qty', '1', '--end', end, '--json']);
    expect(ended).toEqual({ code, stdout: `${JSON.stringify(document)}\n`, stderr: '' });
  });

  test('DEBUG adds the stack trace, on stderr', async () => {
    const args = ['shop', 'purchase', '--qty', '1', '--end', 'fault', '--json'];
    const { stdout, stderr } = await fixture(args, { DEBUG: 'inv' });
    expect(JSON.parse(stdout).error.code).toBe('FAULT');
    expect(stderr).toMatch(/TypeError: x is not a function\n\s+at .*purchase\.ts/);
  });
});

describe('a command line that makes no sense: exit code 2', () => {
  test.for([
    [['shop', 'purchase'], 'give --qty, as in `inv shop purchase --qty 2`'],
    [
      ['shop', 'purchase', '--qty', 'x'],
      '--qty: expected an integer but received: x (--help shows the options)',
    ],
    [['shop', 'purchase', '--qyt', '1'], 'unknown option: --qyt. Did you mean `--qty`?'],
    [['shop', 'purchase', '-x'], 'unknown option: -x (--help shows the options)'],
    [['shop', '--port', '1', 'x'], 'unexpected argument: x (--help shows the options)'],
    [['shop', 'purchase', '2'], 'did you mean `inv shop purchase --qty 2`?'],
    [['shop', 'purchase', '--json', '2'], 'did you mean `--qty 2`?'],
    [
      ['shop', 'purchase', '--qty', '1', '--note', 'a', '2'],
      'unexpected argument: 2 (--help shows the options)',
    ],
    [
      ['--qty', '2', 'shop', 'purchase'],
      'options stand behind the command. Did you mean `inv shop purchase --qty 2`?',
    ],
    [['help', 'shop', 'purchse'], 'no command `shop purchse`. Did you mean `inv shop purchase`?'],
    [['shop', 'purchse', '--help'], 'no command `shop purchse`. Did you mean `inv shop purchase`?'],
    [['help', 'purchase'], 'no command `purchase`. Did you mean `inv shop purchase`?'],
    [['shop', 'purchse'], 'no command `shop purchse`. Did you mean `inv shop purchase`?'],
  ] as const)('%s', async ([args, message]) => {
    const plain = await fixture(args.filter((word) => word !== '--json'));
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).toMatch(/^inv: [^\n]+\n$/);
    if (!args.some((word) => word === '--json')) expect(plain.stderr).toBe(`inv: ${message}\n`);

    const json = await fixture([...args, '--json']);
    expect(json).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(json.stdout).error).toMatchObject({ code: 'USAGE' });
    if (args.some((word) => word === '--json')) {
      expect(JSON.parse(json.stdout).error.message).toBe(message);
    }
  });
});
