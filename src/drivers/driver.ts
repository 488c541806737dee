/** What a router OS is to route-sync: pure functions that say what to ask, how to read it, and what to send. */
import type {
  DesiredRoute,
  InstalledRoute,
  NextHop,
  RouteChange,
  UpstreamState,
} from '../core/route.ts';
import type { RouteSyncError } from '../errors.ts';

/** Config name = file name in this folder. */
export type RouterOs = 'linux';

/** A program with its arguments and its standard input; never a shell line. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]];
  readonly stdin?: string;
}

/** What came back from one command. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** The program's exit status. */
  readonly exitCode: number;
}

/** What part of the upstream we write to, and the mark that shows what is ours. */
export interface RouteScope {
  /** Linux routing table: a number or a name of rt_tables. */
  readonly table: string;
  /** Linux route protocol number. */
  readonly protocol: number;
  /** Linux route metric (IPv4 and IPv6). */
  readonly metric: number;
}

export interface Capabilities {
  readonly ipv6: boolean;
  readonly ecmp: boolean;
  readonly transaction: 'none' | 'candidate' | 'confirmed';
  /** How many changes go into one rendered command. */
  readonly chunk: number;
}

/** The commands of one chunk and the changes they carry. */
export interface RenderedChunk {
  readonly command: Command;
  readonly changes: readonly RouteChange[];
}

/** One change that the upstream refused. */
export interface Rejection {
  readonly change: RouteChange;
  readonly error: RouteSyncError;
}

/** A route that is not ours, with what names exactly this one among all others. */
export interface Stranger {
  readonly route: InstalledRoute;
  /** As InstalledRoute has it, but in the upstream's own order. */
  readonly nextHops: readonly NextHop[];
  readonly protocol: number;
  readonly metric: number;
  /** Why it must stay whose it is, as the end of a sentence about it; undefined for one that can be taken over. */
  readonly obstacle: string | undefined;
}

/** A stranger without obstacle, and the route of ours that takes its place: the same next hops under our mark. */
export interface Adoption {
  readonly stranger: Stranger;
  readonly after: DesiredRoute;
}

/**
 * One router OS. All functions are pure and total over their documented inputs; they throw only RouteSyncError.
 *
 * - `gather` must not ask for anything that changes the device.
 * - `parse` gets the outputs in the order of `gather`; it returns every route of the scope, ours and foreign.
 * - `unsupported` tells why a change cannot be rendered; such a change must not be given to `render`.
 * - `render` must order make before break, must never name what is not ours, and must refuse words outside their
 *   allowed set. A replace may only add what is new: the read-back asks again for what is still wrong.
 * - `rejections` maps the answer to one rendered chunk back to the changes that failed; it throws when the whole
 *   chunk failed for a reason that concerns no single route. What is already as it should be is no failure.
 * - `probed` reads the answer to `probe`; it throws when the upstream would refuse every change.
 * - `strangersAt` reads the same answers as `parse`: every route at the prefixes (canonical texts) that is not ours.
 * - `takeOver` renders what puts ours in place so that forwarding never stops; the stranger may still stand beside it
 *   afterwards, and `release` then removes exactly that one. Their chunks name adds and removes.
 */
export interface RouterDriver {
  readonly os: RouterOs;
  readonly capabilities: Capabilities;
  gather(scope: RouteScope): readonly Command[];
  parse(scope: RouteScope, outputs: readonly CommandOutput[]): UpstreamState;
  unsupported(change: RouteChange): RouteSyncError | undefined;
  render(scope: RouteScope, changes: readonly RouteChange[]): readonly RenderedChunk[];
  rejections(chunk: RenderedChunk, output: CommandOutput): readonly Rejection[];
  /** A command that needs the right to change routes and changes nothing. */
  probe(scope: RouteScope): Command;
  probed(scope: RouteScope, output: CommandOutput): void;
  strangersAt(
    scope: RouteScope,
    outputs: readonly CommandOutput[],
    prefixes: ReadonlySet<string>,
  ): readonly Stranger[];
  takeOver(scope: RouteScope, adoptions: readonly Adoption[]): readonly RenderedChunk[];
  release(scope: RouteScope, strangers: readonly Stranger[]): readonly RenderedChunk[];
}
