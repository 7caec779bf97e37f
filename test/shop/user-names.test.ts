// A user's name is the same however a keyboard composes its characters, wherever it is typed.
import { expect, onTestFinished, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { USERS } from '../../src/inventory/users.ts';
import { PASSWORDS, startServer } from '../support/in-process.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';

const COMPOSED = 'andr\u00e9';
const DECOMPOSED = 'andre\u0301';

const at = newPlace(async () => {
  const users = USERS.map((user) => (user.name === 'alice' ? { ...user, name: COMPOSED } : user));
  const server = await startServer({ users });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { host: '127.0.0.1', port: server.port };
});

test('logs in, decomposed, and acts for the account under either form', async () => {
  const { account: name } = await newShop(at).login(DECOMPOSED, PASSWORDS.alice);
  expect(name).toBe(`${COMPOSED}@127.0.0.1:${at.line.address.port}`);
  for (const user of [COMPOSED, DECOMPOSED]) {
    await newShop(at, undefined, user).purchase(TICKETS);
    expect((await newShop(at, undefined, user).local()).account).toBe(name);
  }
  expect(account(at, COMPOSED).items).toMatchObject([{ upc: 1001, units: 4 }]);
});

test.for(['', '@127.0.0.1'])('ends the logins, decomposed, as `name%s`', async (place) => {
  await newShop(at).login(COMPOSED, PASSWORDS.alice);
  const where = place === '' ? '' : `${place}:${at.line.address.port}`;
  expect(await newShop(at).endLogins(`${DECOMPOSED}${where}`)).toMatchObject({ already: false });
  expect(account(at, COMPOSED).logins).toEqual([]);
});

test('is taken decomposed by the library too, and told as the server has it', async () => {
  const client = await Client.connect(at.line.target);
  const { user, token } = await client.login(DECOMPOSED, PASSWORDS.alice);
  expect(user).toBe(COMPOSED);
  await expect(client.resume(token, DECOMPOSED)).resolves.toMatchObject({ user: COMPOSED });
  client.close();
});
