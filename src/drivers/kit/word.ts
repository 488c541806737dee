/** The one gate through which every word enters a command; what is not in its allowed set is refused, never escaped. */
import { RouteSyncError } from '../../errors.ts';

const ALLOWED = {
  address: /^[0-9a-f.:]{2,45}$/,
  prefix: /^[0-9a-f.:]{2,45}\/\d{1,3}$/,
  /** A Linux device name has at most 15 characters (IFNAMSIZ); quotes, `#` and `\` mean something to `ip -batch`. */
  device: /^\w[\w.:@+-]{0,14}$/,
  /** A number in decimal or a name; `all`, `cache` and `help` are keywords of `ip route show`, `unspec` means all. */
  table: /^(?!(?:all|cache|help|unspec)$)(?:[1-9]\d{0,9}|[A-Za-z_][\w.-]{0,63})$/,
  /** An interface of a router: `GigabitEthernet0/0/0.100`, `ge-0/0/0.0`, `100GE1/0/1`. */
  interface: /^\d{0,3}[A-Za-z][\w./:-]{0,63}$/,
  /** A VRF, routing instance or service. */
  vrf: /^[A-Za-z0-9][\w.:-]{0,63}$/,
  /** What our owner is called on a router. */
  mark: /^[A-Za-z][\w.:-]{0,79}$/,
  /** An absolute path without a way up. */
  path: /^(?!.*\.\.)\/[\w./-]{1,200}$/,
  number: /^\d{1,10}$/,
  /** An administrative distance. */
  distance: /^(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/,
} as const satisfies Record<string, RegExp>;

export type WordKind = keyof typeof ALLOWED;

/** Returns the text itself if it is safe as a word of that kind; throws UNSAFE_WORD otherwise. */
export function safeWord(kind: WordKind, text: string): string {
  const error = unsafeWord(kind, text);
  if (error === undefined) {
    return text;
  }
  throw error;
}

/** UNSAFE_WORD if {@link safeWord} would refuse the text. */
export function unsafeWord(kind: WordKind, text: string): RouteSyncError | undefined {
  return ALLOWED[kind].test(text)
    ? undefined
    : new RouteSyncError(
        'UNSAFE_WORD',
        `${JSON.stringify(text)} cannot be used as a ${kind} in a command: it must match ${ALLOWED[kind].source}`,
        { details: { kind, text } },
      );
}
