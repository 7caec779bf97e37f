import { expect, test } from 'vitest';
import { wrongPlace } from '../../src/stores/data-place.ts';

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
