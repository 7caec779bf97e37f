/** Tells the operator what happens; the same shape as the server's log. */
export type Report = (
  event: string,
  fields?: { readonly level?: 'info' | 'warn' | 'error'; readonly [name: string]: unknown },
) => void;
