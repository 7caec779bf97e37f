import { expect, test } from 'vitest';
import { wrongFile, wrongPlace } from '../../src/stores/data-place.ts';

test.for([
  'mysql://a@b/c',
  'MySQL://a@b/c',
  'sqlite:shop.db',
  'file:///var/lib/inv.db',
  'https://db.example/inv',
  'postgres:inv',
  'postgres:/inv',
])('%s is no place for data, and the scheme is named', (place) => {
  expect(wrongPlace(place)).toMatch(
    `data is kept in a file or in postgres://user@host/database, and ${place.split(':')[0]}: is`,
  );
});

test.for([
  'inventory.db',
  './mysql:x',
  '/srv/a:b.db',
  'C:\\data\\inv.db',
  'postgres://inv@db/inv',
  'postgresql://inv@db/inv',
])('%s is one', (place) => {
  expect(wrongPlace(place)).toBeNull();
});

test.for([
  ' postgres://u:p@h/inv',
  '"postgres://u:p@h/inv"',
  "'postgresql://h/inv",
  'POSTGRES://u:p@h',
])('%s is taken for no path, in which its password would be printed', (place) => {
  expect(wrongPlace(place)).toMatch(/^the address of a PostgreSQL database begins with postgres:/);
  expect(wrongFile(place)).toBe('name a file; that is a PostgreSQL database');
});

test('where a file is meant, a database is named without its password', () => {
  expect(wrongFile('postgres://u:p@h:5433/inv')).toBe(
    'name a file; postgres://u@h:5433/inv is a PostgreSQL database',
  );
  for (const name of ['monday.db', './postgres:x', '/srv/postgres.db']) {
    expect(wrongFile(name)).toBeNull();
  }
});
