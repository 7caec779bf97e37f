/** Inputs for the fuzzer: valid sessions, and what becomes of them when they are mutated. */
import { encodeCommand } from '../../../src/protocol/encoder.ts';
import type { Random } from '../support/random.ts';

/** On sale to the inputs that may be valid after all … */
export const OPEN_UPCS = [1001, 1002, 1003];
/** … and to those that never are: not a unit of it may ever be sold. */
export const UNTOUCHED_UPC = 8_888_888;

const NASTY_NUMBERS = [
  '-1',
  '+1',
  '0',
  '00',
  '1.0',
  '1.5',
  '1e3',
  '1e999',
  '0x10',
  '0b1',
  ' 1',
  '1 ',
  '1_000',
  '1,000',
  '9007199254740992',
  '99999999999999999',
  '18446744073709551617',
  'NaN',
  'Infinity',
  '',
  '٣',
  '１',
  '1\0',
  '\r\n',
  '1\r\n',
  'null',
  '--1',
  "1'--",
  '$1',
  '*1',
];

const NASTY_WORDS = [
  ...NASTY_NUMBERS,
  'ORDER',
  'FOR',
  'COUNT',
  'BEFORE',
  '\x00\x01\x02',
  '\xff\xfe',
  'a b',
  '\t',
  '%s%n',
  "'; DROP TABLE orders; --",
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '*3\r\n$4\r\nPING',
];

/** One valid command. Passwords stay right: a wrong one costs its connection a growing pause. */
export function validCommand(random: Random): string[] {
  const upc = () => String(random.pick(OPEN_UPCS));
  const qty = () => String(random.between(1, 3));
  const order = () => `${random.word(1)}-${random.below(200)}`;
  return random.pick<() => string[]>([
    () => ['PURCHASE', upc(), qty()],
    () => ['PURCHASE', upc(), qty(), 'ORDER', order()],
    () => ['PURCHASE', upc(), qty(), upc(), qty(), 'ORDER', order()],
    () => ['HOLD', upc(), qty(), 'FOR', qty()],
    () => ['HOLD', upc(), qty(), 'FOR', qty(), 'ORDER', order()],
    () => ['HOLD', upc(), qty(), upc(), qty(), 'FOR', '900', 'ORDER', order()],
    () => ['CONFIRM', order()],
    () => ['RELEASE', order()],
    () => ['EXTEND', order(), 'FOR', qty()],
    () => ['HOLDS'],
    () => ['RETURN', order(), upc(), qty()],
    () => ['RETURN', order(), upc(), qty(), 'ORDER', order()],
    () => ['INVENTORY', upc(), upc()],
    () => ['INVENTORY'],
    () => ['ORDER', order()],
    () => ['ORDERS', 'COUNT', qty(), 'BEFORE', order()],
    () => ['ORDERS', 'COUNT', '2'],
    () => ['HELLO', random.pick(['2', '3'])],
    () => ['WHOAMI'],
    () => ['MULTI'],
    () => ['EXEC'],
    () => ['EXEC'],
    () => ['DISCARD'],
    () => ['ECHO', random.word(5)],
    () => ['SELECT', '0'],
    () => ['TIME'],
    () => ['ACL', 'WHOAMI'],
    () => ['RESUME', random.word(43)],
    () => ['PING', random.word(5)],
    () => ['COMMAND', 'INFO', 'PURCHASE'],
    () => ['CLIENT', 'SETNAME', random.word(5)],
    () => ['INFO'],
  ])();
}

/** A command whose framing is right and whose words may be anything. */
export function mutatedWords(random: Random): string[] {
  const words = validCommand(random);
  for (let changes = random.between(1, 3); changes > 0; changes--) {
    const at = random.below(words.length + 1);
    switch (random.below(6)) {
      case 0:
        words.splice(at, 1);
        break;
      case 1:
        words.splice(at, 0, random.pick(NASTY_WORDS));
        break;
      case 2:
        words.splice(at, 1, random.pick(NASTY_NUMBERS));
        break;
      case 3:
        words.splice(at, 0, ...words.slice(0, 3));
        break;
      case 4:
        words.splice(at, 1, random.word(random.between(1, 80)));
        break;
      default:
        words.splice(at, 1, (words[at] ?? 'x').toLowerCase());
    }
  }
  // The server skips a command without words and does not answer it.
  return words.length === 0 ? ['PING'] : words;
}

/** A purchase, a hold or a return of the untouched item that is wrong for certain, in one way or another. */
export function malformedOrder(random: Random): string[] {
  const upc = String(UNTOUCHED_UPC);
  const bad = () => random.pick(NASTY_NUMBERS);
  const badId = () => random.pick(['', 'a b', 'x'.repeat(65), '\x01', 'é']);
  return random.pick<() => string[]>([
    () => ['PURCHASE', upc],
    () => ['PURCHASE', upc, bad()],
    () => ['PURCHASE', bad(), '1', upc, '1'],
    () => ['PURCHASE', upc, '1', upc],
    () => ['PURCHASE', upc, '1', '1001', bad()],
    () => ['PURCHASE', upc, '1', 'ORDER'],
    () => ['PURCHASE', upc, '1', 'ORDER', badId()],
    () => ['HOLD', upc, '1'],
    () => ['HOLD', upc, '1', 'FOR'],
    () => ['HOLD', upc, '1', 'FOR', bad()],
    () => ['HOLD', upc, '1', 'FOR', '901'],
    () => ['HOLD', upc, bad(), 'FOR', '9'],
    () => ['HOLD', upc, '1', upc, 'FOR', '9'],
    () => ['HOLD', upc, '1', 'ORDER', 'a', 'FOR', '9'],
    () => ['HOLD', upc, '1', 'FOR', '9', 'ORDER', badId()],
    () => ['HOLD', 'FOR', '9', upc, '1'],
    () => ['EXTEND', upc, 'FOR', bad()],
    () => ['RETURN', badId(), upc, '1'],
    () => ['RETURN', 'a', upc, bad()],
    () => ['RETURN', 'a', upc, '1', 'ORDER', badId()],
    () => ['PURCHASE', upc, '1', 'ORDER', 'a', 'ORDER', 'b'],
    () => ['PURCHASE', upc, '1', random.word(5), 'a'],
    () => ['PURCHASE', upc, '9007199254740991', upc, '1'],
    () => [`PURCHASE ${upc} 1`],
    () => [`PURCHASE${random.pick(['\0', ' ', 'S', '\r\n'])}`, upc, '1'],
  ])();
}

/** The bytes of a short session, of either form, with some of them changed. */
export function mutatedBytes(random: Random): string {
  let bytes = '';
  for (let count = random.between(1, 3); count > 0; count--) {
    const words = validCommand(random);
    bytes += random.chance(0.6) ? encodeCommand(words) : `${words.join(' ')}\r\n`;
  }
  for (let changes = random.between(1, 4); changes > 0; changes--) bytes = changed(bytes, random);
  return bytes;
}

const SPECIAL = '\r\n$*+-:%_# \t\0\x7f\xff0123456789';

function changed(bytes: string, random: Random): string {
  const at = random.below(bytes.length + 1);
  const other = random.below(bytes.length + 1);
  switch (random.below(9)) {
    case 0:
      return bytes.slice(0, at) + String.fromCharCode(random.below(256)) + bytes.slice(at + 1);
    case 1:
      return bytes.slice(0, at) + random.pick([...SPECIAL]) + bytes.slice(at + 1);
    case 2:
      return bytes.slice(0, at) + random.pick([...SPECIAL]) + bytes.slice(at);
    case 3:
      return bytes.slice(0, Math.min(at, other)) + bytes.slice(Math.max(at, other));
    case 4:
      return bytes.slice(0, at) + bytes.slice(Math.min(at, other));
    case 5:
      return bytes.slice(0, at);
    case 6:
      // A length or a count that is not the right one.
      return bytes.replace(/([$*])\d+/g, (all, kind) =>
        random.chance(0.3) ? `${kind}${random.pick(NASTY_NUMBERS)}` : all,
      );
    case 7:
      return bytes.slice(0, at) + random.pick(NASTY_WORDS) + bytes.slice(at);
    default:
      return bytes.replace(
        random.pick(['\r\n', '\r', '$', ' ']),
        random.pick(['\n', '\n\r', '', '\0']),
      );
  }
}

/**
 * Bytes that would buy the untouched item if their end were not missing, or if what stands before
 * it were not wrong.
 */
export function malformedBytes(random: Random): string {
  const words = ['PURCHASE', String(UNTOUCHED_UPC), String(random.between(10, 99))];
  const whole = random.chance(0.5) ? encodeCommand(words) : `${words.join(' ')}\n`;
  switch (random.below(4)) {
    case 0:
      return whole.slice(0, random.below(whole.length));
    case 1:
      return `*1\r\n$4\r\nPIN${whole}`;
    case 2:
      return `POST /buy HTTP/1.1\r\nHost: shop\r\n\r\n${whole}`;
    default:
      return `*2\r\n$4\r\nPING\r\n$1000000\r\n${whole}`;
  }
}
