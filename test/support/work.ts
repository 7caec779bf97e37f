/** Measures the longest time, in milliseconds, that this thread works without a turn of the event loop. */
export function watchWork(): { end(): number } {
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

/** How long this thread works for `act`, in milliseconds: what other programs do on the machine is not in it. */
export async function workOf(act: () => unknown): Promise<number> {
  const before = worked();
  await act();
  return worked() - before;
}

/** Milliseconds that this thread has worked. */
function worked(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
