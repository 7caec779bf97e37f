/**
 * `inv/client`: an inventory server from a program. It opens a socket and nothing else: no terminal,
 * no files. PROTOCOL.md tells what each verb does, and how to retry without buying twice.
 */
export {
  type Address,
  DEFAULT_HOST,
  DEFAULT_PORT,
  nameOf,
  parseAddress,
  type TlsTrust,
} from './address.ts';
export { Client } from './client.ts';
export {
  ConnectionLost,
  NoServer,
  NotInv,
  OtherShop,
  Refused,
  TlsFailure,
  type TlsProblem,
} from './errors.ts';
export type { StockLevel } from './level-messages.ts';
export type {
  Hold,
  OrderState,
  OrderStatus,
  PastOrder,
  Receipt,
  ReceiptLine,
  ReturnReceipt,
} from './order-replies.ts';
export { ReconnectingClient } from './reconnecting-client.ts';
export type { LoggedInUser, ServedShop, StockItem } from './replies.ts';
export { PAUSES_MS, withRetry } from './retry.ts';
export { CONNECT_TIMEOUT_MS, REPLY_TIMEOUT_MS, type Timeouts } from './server-connection.ts';
