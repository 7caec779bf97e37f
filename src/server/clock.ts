/**
 * The time in milliseconds since 1970 UTC, for what is told and kept. Never negative: a machine whose
 * battery is empty may start before 1970, and neither ids nor clients can hold such a time.
 */
export function wallClock(): number {
  return Math.max(0, Date.now());
}
