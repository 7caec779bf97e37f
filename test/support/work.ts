/** Measures the longest time, in milliseconds, that this thread works without a turn of the event loop. */
export function watchWork(): { end(): number } {
  const worked = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let longest = 0;
  let last = worked();
  let turn: NodeJS.Immediate;
  const look = () => {
    longest = Math.max(longest, worked() - last);
    last = worked();
    turn = setImmediate(look);
  };
  turn = setImmediate(look);
  return {
    end: () => {
      clearImmediate(turn);
      return longest;
    },
  };
}
