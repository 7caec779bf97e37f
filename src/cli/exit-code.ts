/** What a process of ours exits with. Scripts branch on these: they never change. */
export const ExitCode = {
  done: 0,
  /** A fault of ours. */
  fault: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** The server understood and said no: stock, item, reused order id. */
  refused: 3,
  /** Not logged in, or a wrong password. */
  notLoggedIn: 4,
  /** No server there; nothing was sent. */
  noServer: 5,
  /** Sent, and the outcome is unknown. */
  outcomeUnknown: 6,
  /** Done, but it could not be printed: stdout or stderr could not be written. */
  notPrinted: 7,
  /** Ctrl-C, as shells report it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
