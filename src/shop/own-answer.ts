/** Orders under an id that was made for them, because the user chose none. */
import { OrderRefused } from './refused-order.ts';
import type { AnsweredOrder } from './send-order.ts';

/** Loads what makes ids only now: it costs 5 ms, a tenth of a command, and most commands make none. */
export async function newOrderId(): Promise<string> {
  const { randomUUIDv7 } = await import('node:crypto');
  return randomUUIDv7();
}

/**
 * What a command was answered under an id that was made for it (`chosen` is null): its order was done or refused by
 * this command, also when another process of this machine settled the open order meanwhile and got the first answer.
 */
export async function ownAnswer<Answer extends AnsweredOrder>(
  answer: Promise<Answer>,
  chosen: string | null,
): Promise<Answer> {
  if (chosen !== null) return await answer;
  try {
    const { receipt, ...rest } = await answer;
    return { ...rest, receipt: { ...receipt, replayed: false } } as Answer;
  } catch (error) {
    throw error instanceof OrderRefused ? error.asFirst() : error;
  }
}
