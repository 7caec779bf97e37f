/**
 * SELECT, READONLY, READWRITE and TIME: what Redis clients send as a matter of course, to whatever server.
 * No store is asked.
 */
import { OK } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { type Command, defineVerb, type Verb } from './verb.ts';

export const SELECT: Verb = defineVerb<Command & { readonly index: string }>({
  name: 'SELECT',
  syntax: 'index',
  summary: 'choose the database 0, the only one',
  words: [1, 1],
  access: 'anyone',
  parse: ([, index]) => ({ verb: SELECT, index: index as string }),
  // In the words of Redis, which clients show to their users.
  answer: ({ index }) => {
    if (/^0+$/.test(index)) return OK;
    return new ErrorReply(
      'ERR',
      /^-?\d+$/.test(index)
        ? 'DB index is out of range'
        : 'value is not an integer or out of range',
    );
  },
});

/** Every server of a shop reads and writes, so a client may say either. */
export const READONLY: Verb = defineVerb<Command>({
  name: 'READONLY',
  syntax: '',
  summary: 'reads are welcome here, as always',
  words: [0, 0],
  access: 'anyone',
  parse: () => ({ verb: READONLY }),
  answer: () => OK,
});

export const READWRITE: Verb = defineVerb<Command>({
  name: 'READWRITE',
  syntax: '',
  summary: 'reads and writes are welcome here, as always',
  words: [0, 0],
  access: 'anyone',
  parse: () => ({ verb: READWRITE }),
  answer: () => OK,
});

export const TIME: Verb = defineVerb<Command>({
  name: 'TIME',
  syntax: '',
  summary: 'the time of the shop, by which holds end',
  words: [0, 0],
  access: 'anyone',
  parse: () => ({ verb: TIME }),
  answer: (_, { service }) => {
    const now = service.shopTime();
    return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)];
  },
});
