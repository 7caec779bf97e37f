import { describe, expect, test } from 'vitest';
import { fixture } from './fixture.ts';

const purchase = ['shop', 'purchase', '--qty', '1'];

describe('an empty value is a mistake', () => {
  test.for([
    [[...purchase, '--note', ''], '--note is empty: give it a value'],
    [[...purchase, '--note='], '--note is empty: give it a value'],
    [[...purchase, '--note', ' \t'], '--note is empty: give it a value'],
    [['shop', 'purchase', '--qty', ''], '--qty is empty: give it a value'],
    [['shop', 'purchase', '-q', ''], '-q is empty: give it a value'],
    [['shop', 'purchase', ''], 'word 3 of the command line is empty'],
    [[''], 'word 1 of the command line is empty'],
    [[...purchase, '--', ''], 'word 6 of the command line is empty'],
  ] as const)('%j', async ([args, message]) => {
    const ended = { code: 2, stdout: '', stderr: `inv: ${message}\n` };
    expect(await fixture([...args])).toEqual(ended);
  });

  test.for(['INV_TEST_DATA', 'INV_TEST_COUNT', 'INV_TEST_FAST'])(
    'in the environment: %s',
    async (name) => {
      for (const value of ['', '  ']) {
        expect(await fixture(purchase, { [name]: value })).toEqual({
          code: 2,
          stdout: '',
          stderr: `inv: ${name} is empty: give it a value, or unset it\n`,
        });
      }
    },
  );

  test('a variable that is not looked at is none', async () => {
    const ended = await fixture([...purchase, '--data', 'x'], { INV_TEST_DATA: '' });
    expect(ended).toMatchObject({ code: 0 });
  });
});

test('a switch in the environment is yes or no', async () => {
  for (const value of ['1', 'true', 'yes', '0', 'false', 'no', 'TRUE']) {
    expect(await fixture(purchase, { INV_TEST_FAST: value })).toMatchObject({ code: 0 });
  }
  expect(await fixture(purchase, { INV_TEST_FAST: 'maybe' })).toEqual({
    code: 2,
    stdout: '',
    stderr: "inv: INV_TEST_FAST is 1 or 0, got 'maybe'\n",
  });
});

test('a value that makes no sense is named by the variable that it came from', async () => {
  expect((await fixture(purchase, { INV_TEST_COUNT: 'many' })).stderr).toBe(
    'inv: INV_TEST_COUNT: expected an integer but received: many (--help shows the options)\n',
  );
  expect((await fixture(purchase, { INV_TEST_PACE: 'lazy' })).stderr).toBe(
    'inv: expected INV_TEST_PACE=lazy to be one of: slow, quick (--help shows the options)\n',
  );
  expect((await fixture([...purchase, '--count', 'x'], { INV_TEST_COUNT: '3' })).stderr).toMatch(
    /^inv: --count: expected an integer/,
  );
});

test('a variable that Kubernetes sets for a service is none of ours', async () => {
  for (const scheme of ['tcp', 'udp', 'sctp']) {
    const env = { INV_TEST_PORT: `${scheme}://10.96.0.12:5050` };
    expect(await fixture(['shop'], env)).toEqual({ code: 0, stdout: 'menu\n', stderr: '' });
  }
  expect(await fixture(['shop'], { INV_TEST_PORT: 'http://10.96.0.12' })).toMatchObject({
    code: 2,
  });
});
