/** Diagnostics: one JSON object a line, on stderr. */
export type Log = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

export const logToStderr: Log = (event, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
};
