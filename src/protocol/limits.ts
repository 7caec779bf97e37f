/**
 * Every bound of the wire, in one place. PROTOCOL.md lists the same numbers (a test compares them).
 * Sizes are bytes unless a name says otherwise.
 */

/** Integers travel as JavaScript and JSON can hold them exactly. */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** Of a number in a request, leading zeros among them: as many as a catalogue may give the code of an item. */
export const MAX_NUMBER_DIGITS = 32;

/** A command before login: HELLO with the longest name and password of a user fits, and a stranger cannot make the server hold more. */
export const MAX_COMMAND_BYTES_BEFORE_LOGIN = 1_024;

/** A command after login: the longest PURCHASE (MAX_ARGUMENTS arguments of 16 digits, and their framing) is about 24 KB, with all leading zeros 40. */
export const MAX_COMMAND_BYTES = 65_536;

/** Words in one command, the verb included: PURCHASE takes 510 lines with an order id. */
export const MAX_ARGUMENTS = 1_024;

/** An order id: a UUID has 36 characters, and 64 leave room for a prefix of the shop's own. */
export const MAX_ORDER_ID_LENGTH = 64;

/** Orders in one reply of ORDERS: a page of usual orders is about 200 KB. */
export const MAX_ORDERS_COUNT = 1_000;

/** Orders in one reply of ORDERS when COUNT is not given: a screenful. */
export const DEFAULT_ORDERS_COUNT = 20;

/** Connections at once. Each takes a file descriptor and about 10 KB, with TLS about 65 KB. Fewer where the process may have fewer open files. */
export const MAX_CONNECTIONS = 20_000;

/** Who has not logged in for this long makes room for a new connection when there are too many. */
export const LOGIN_TIMEOUT_MS = 60_000;

/** TLS handshakes under way at once; the oldest of the address that has most makes room for one more. Each takes a file and up to 65 KB. */
export const MAX_HANDSHAKES = 512;

/** From a connection to the end of its TLS handshake: time for a slow way with lost packets. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What all connections together keep in memory: requests, replies not read, names, over TLS messages not read, very many channels. Beyond it those that keep most are cut … */
export const MAX_KEPT_BYTES = 268_435_456;

/** … and this much of it is for connections that are not logged in. */
export const MAX_KEPT_BYTES_BEFORE_LOGIN = 67_108_864;

/** Bytes of requests kept for a connection whose turn has not come; then the server stops reading from it. */
export const MAX_READ_AHEAD_BYTES = 2 * MAX_COMMAND_BYTES;

/** Empty commands (lines without a word, `*0`) of one connection that are skipped in one turn of the event loop: some microseconds. */
export const MAX_EMPTY_COMMANDS_IN_TURN = 4_096;

/** Requests of one connection in one batch: the others get their turn, however deep one pipelines. */
export const MAX_REQUESTS_IN_BATCH = 1_024;

/** Requests between MULTI and EXEC: an EXEC is decided in one batch, which has room for as many of one connection … */
export const MAX_TRANSACTION_REQUESTS = 1_024;

/** … their bytes, which are kept until EXEC: as many as are read ahead … */
export const MAX_TRANSACTION_BYTES = MAX_READ_AHEAD_BYTES;

/** … and their work, in lines: what a batch takes of requests that take much work. */
export const MAX_TRANSACTION_WORK = 4_096;

/** Channels that one connection is subscribed to; who wants more items subscribes to `stock`, which has all of them. */
export const MAX_CHANNELS = 1_024;

/** Levels in one message while a subscriber is told what there is … */
export const MAX_FIRST_LEVELS = 1_000;

/** … and in one message that tells what has changed. */
export const MAX_CHANGED_LEVELS = 10_000;

/** Messages a second for each connection and channel. */
export const MAX_MESSAGES_PER_SECOND = 20;

/** Replies that a client has not read: above this the server takes no more requests from it … */
export const UNREAD_OUTPUT_PAUSE_BYTES = 262_144;

/** … before login so many (not fewer than Node's high water mark: only above it a socket tells that all was read) … */
export const UNREAD_OUTPUT_PAUSE_BYTES_BEFORE_LOGIN = 65_536;

/** … and when nothing of it was read for this long, it closes the connection. */
export const UNREAD_OUTPUT_TIMEOUT_MS = 60_000;
