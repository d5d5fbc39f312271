/** Exit statuses of the command; `docs/command-line.md` lists them. */
export const EXIT = {
  ok: 0,
  /** The command failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The tap's server could not be started. */
  notStarted: 126,
  /** The tap's server does not exist. */
  notFound: 127,
} as const;
