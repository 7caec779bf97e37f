import { beforeEach, expect, test } from 'vitest';
import type { Output } from '../../src/server/output.ts';
import { ReplyQueue } from '../../src/server/reply-queue.ts';

let told: string[] = [];
let queue = new ReplyQueue(null as never);

beforeEach(() => {
  told = [];
  const output = {
    add: (bytes: string) => told.push(bytes),
    addLong: (parts: IterableIterator<string>) => told.push([...parts].join('+')),
  };
  queue = new ReplyQueue(output as unknown as Output);
});

test('what the store is not asked goes out at once when nothing is owed', () => {
  queue.addMade(() => 'a');
  queue.addMade(() => 'b');
  expect(told).toEqual(['a', 'b']);
  expect(queue.owed).toBe(0);
});

test('and waits for the replies before it, each for its own', () => {
  queue.addMade(() => 'a');
  queue.expect();
  queue.addMade(() => 'b, ');
  queue.addMade(() => 'c');
  queue.expect();
  queue.expect();
  queue.addMade(() => 'd');
  expect(told).toEqual(['a']);
  expect(queue.owed).toBe(6);
  queue.add('1');
  expect(told).toEqual(['a', '1', 'b, ', 'c']);
  queue.add('2');
  expect(told.slice(4)).toEqual(['2']);
  queue.add(['3', '4'].values());
  expect(told.slice(5)).toEqual(['3+4', 'd']);
  expect(queue.owed).toBe(0);
  queue.addMade(() => 'e');
  expect(told.at(-1)).toBe('e');
});

test('it is made when its turn has come', () => {
  let version = 2;
  queue.expect();
  queue.addMade(() => {
    version = 3;
    return 'hello';
  });
  queue.addMade(() => `version ${version}`);
  expect(version).toBe(2);
  queue.add('1');
  expect(told).toEqual(['1', 'hello', 'version 3']);
});

test('a reply that has only begun is still owed', () => {
  queue.expect();
  queue.addMade(() => 'later');
  queue.addPart('1 ');
  expect(queue.owed).toBe(2);
  queue.add('2');
  expect(told).toEqual(['1 ', '2', 'later']);
});

test('a request without a reply is owed no more', () => {
  queue.expect();
  queue.drop();
  expect(queue.owed).toBe(0);
  expect(told).toEqual([]);
});
