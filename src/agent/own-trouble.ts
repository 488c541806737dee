/** Trouble on the way to an upstream that is on this machine: the router may be as well as ever. */

/** Whether the code is of our own state directory, or of the lock that another process of ours holds. */
export function isOwnTrouble(code: string): boolean {
  return code === 'LOCKED' || /^(?:STATE|JOURNAL)_/.test(code);
}
