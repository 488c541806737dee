/** What a router OS is to route-sync: pure functions that say what to ask, how to read it, and what to send. */
import type {
  DesiredRoute,
  InstalledRoute,
  NextHop,
  RouteChange,
  UpstreamState,
} from '../core/route.ts';
import type { RouteSyncError } from '../errors.ts';
import type { SessionDefinition } from './session.ts';
import type { StaticPath } from './static-path.ts';

/** A program with its arguments and its standard input; never a shell line. */
export interface Program {
  readonly argv: readonly [program: string, ...args: string[]];
  /** All of it is there before the program starts, also on the other side of an SSH connection. */
  readonly stdin?: string;
}

/** Lines typed into the CLI of a router. */
export interface Dialogue {
  readonly lines: readonly CliLine[];
  /** What follows a refused line is sent all the same. Default: it is not. */
  readonly goesOn?: boolean;
  /** Begins where the dialogue before it ended, such as in a configuration mode. Default: at the session's `prompt`. */
  readonly continues?: boolean;
  /** Told of each line that has its answer, while others wait for theirs. */
  readonly onAnswer?: (() => void) | undefined;
}

export interface CliLine {
  readonly text: string;
  /** The questions that this line may raise, with their answers; any other question is an error. */
  readonly answers?: readonly Answer[];
  /** Words of the device that look like a refusal and are none. */
  readonly harmless?: RegExp;
  /** What the line makes the device read before it answers, without a prompt in between; ended by Ctrl-D. */
  readonly paste?: string;
}

export interface Answer {
  readonly question: RegExp;
  readonly answer: string;
}

export type Command = Program | Dialogue;

/** What came back from one command. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** The program's exit status; of a dialogue 1 if a line was refused, else 0. */
  readonly exitCode: number;
  /** Of a dialogue: what each line that was sent was answered with. */
  readonly answers?: readonly LineAnswer[];
  /** What `stdout` is made of, once it is asked for; only where a program's answer was kept as it came. */
  readonly bytes?: OutputBytes;
}

/** UTF-8, kept outside of the heap: a table of a million routes has some 150 million bytes. */
export interface OutputBytes {
  /** In their order, cut anywhere. */
  readonly chunks: readonly Uint8Array[];
  /** SHA-256 of all of them, in hexadecimal. */
  readonly digest: string;
}

/** What a router said to one line: between its echo and the next prompt, cleaned. */
export interface LineAnswer {
  readonly line: string;
  readonly text: string;
  /** True if the text fits a failure pattern of the OS. */
  readonly refused: boolean;
}

/** Linux: what part of the upstream we write to, and the mark that shows what is ours. */
export interface KernelScope {
  /** Linux routing table: a number or a name of rt_tables. */
  readonly table: string;
  /** Linux route protocol number. */
  readonly protocol: number;
  /** Linux route metric (IPv4 and IPv6). */
  readonly metric: number;
}

/** Every other OS: what part of the router we write to, and the mark that shows what is ours. */
export interface DeviceScope {
  /** VRF or routing instance; undefined for the global one. */
  readonly vrf: string | undefined;
  /** Administrative distance (preference) of our routes; undefined for the router's default. */
  readonly distance: number | undefined;
  readonly mark: Mark;
  /** One of `capabilities.dialects`: which of the CLIs that go by this OS's name. */
  readonly dialect: string | undefined;
  /** How long a commit waits for its confirmation before the router takes it back; undefined for no such commit. */
  readonly confirmSeconds: number | undefined;
  /** BIRD only. */
  readonly bird?: BirdPlaces;
}

/** What the configured owner becomes on a router; which of the two is used is the OS's `capabilities.mark`. */
export interface Mark {
  /** 1-4294967295. */
  readonly tag: number;
  /** One word of letters, digits, `_`, `.`, `:` and `-`. */
  readonly name: string;
}

/** Files that BIRD includes inside of our two `protocol static` blocks, and its control socket. */
export interface BirdPlaces {
  readonly file4: string;
  readonly file6: string;
  readonly socket: string;
}

export type RouteScope = KernelScope | DeviceScope;

export interface Capabilities {
  readonly ipv6: boolean;
  readonly vrf: boolean;
  readonly ecmp: boolean;
  /** Where the owner shows on the router. */
  readonly mark:
    | 'protocol number'
    | 'tag'
    | 'name'
    | 'description'
    | 'comment'
    | 'group'
    | 'label'
    | 'protocol name';
  /** `none`: line by line; `candidate`: all or nothing; `confirmed`: taken back unless it is confirmed in time. */
  readonly transaction: 'none' | 'candidate' | 'confirmed';
  /** How many changes go into one rendered command. */
  readonly chunk: number;
  /** The most next hops of one prefix. */
  readonly nextHops: number;
  /** The longest name, description, comment, group or label that can be a mark, in characters. */
  readonly nameLength?: number;
  /** What the router holds unless it is configured otherwise, where that is known. */
  readonly routes?: number;
  /** The CLIs that go by this OS's name; the first one is the default. */
  readonly dialects?: readonly [string, ...string[]];
}

/**
 * The changes of one chunk as lines of a CLI, sent in the order of these fields. A refused line of an atomic script is
 * followed by `abort`, and nothing of it stands; otherwise each line counts as soon as it is sent, and the breaks of a
 * change are sent only if none of its makes was refused.
 */
export interface Script {
  readonly enter: readonly CliLine[];
  readonly makes: readonly ScriptStep[];
  readonly breaks: readonly ScriptStep[];
  readonly commit: readonly CliLine[];
  /** Leaves without an effect of what was entered and not committed; works at any point of the script. */
  readonly abort: readonly CliLine[];
  readonly atomic: boolean;
}

export interface ScriptStep {
  readonly change: RouteChange;
  readonly lines: readonly CliLine[];
}

/** The commands of one chunk and the changes they carry. */
export interface RenderedChunk {
  readonly command: Program | Script;
  readonly changes: readonly RouteChange[];
  /** Sent once a new read-back shows the routes; without it the router takes them back by itself. */
  readonly confirm?: Command;
  /** Sent where the read-back does not show them. */
  readonly revert?: Command;
  /** Where the router takes `confirm` only in the mode that the script ends in: how to put a question there. */
  readonly asks?: (question: Dialogue) => Dialogue;
}

/** A chunk of a driver that runs programs. */
export interface ProgramChunk extends RenderedChunk {
  readonly command: Program;
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
 * - `readPaths` reads any text of that OS, running configuration or routing table, and finds out what it is.
 * - `unsupported` tells why a change cannot be rendered; such a change must not be given to `render`.
 * - `render` must order make before break, must never name what is not ours, and must refuse words outside their
 *   allowed set. `state` is what the upstream held when it was last read. A replace may only add what is new: the
 *   read-back asks again for what is still wrong.
 * - `rejections` maps the answer to one rendered program back to the changes that failed; it throws when the whole
 *   chunk failed for a reason that concerns no single route. What is already as it should be is no failure.
 * - `refusal` is the error for one change whose line of a script was refused.
 * - `probed` reads the answer to `probe`; it throws when the upstream would refuse every change.
 * - `strangersAt` reads the same answers as `parse`: every route at the prefixes (canonical texts) that is not ours.
 * - `takeOver` renders what puts ours in place so that forwarding never stops; the stranger may still stand beside it
 *   afterwards, and `release` then removes exactly that one. Their chunks name adds and removes.
 */
export interface RouterDriver<S extends RouteScope = RouteScope> {
  /** Config name = file name in this folder. */
  readonly os: string;
  readonly capabilities: Capabilities;
  /** How to speak with its CLI; undefined where programs are run instead. */
  readonly session: SessionDefinition | undefined;
  gather(scope: S): readonly Command[];
  parse(scope: S, outputs: readonly CommandOutput[]): UpstreamState;
  readPaths(text: string): readonly StaticPath[];
  unsupported(change: RouteChange): RouteSyncError | undefined;
  render(scope: S, changes: readonly RouteChange[], state: UpstreamState): readonly RenderedChunk[];
  rejections(chunk: RenderedChunk, output: CommandOutput): readonly Rejection[];
  refusal(change: RouteChange, answer: LineAnswer): RouteSyncError;
  /** A command that needs the right to change routes and changes nothing. */
  probe(scope: S): Command;
  probed(scope: S, output: CommandOutput): void;
  /** What makes the running configuration survive a restart of the router; undefined where nothing has to be done. */
  save(scope: S): Command | undefined;
  /** Asks for the routes that survive a restart; undefined where they are those that run. Answers are for `parse`. */
  gatherSaved(scope: S): readonly Command[] | undefined;
  strangersAt(
    scope: S,
    outputs: readonly CommandOutput[],
    prefixes: ReadonlySet<string>,
  ): readonly Stranger[];
  takeOver(scope: S, adoptions: readonly Adoption[]): readonly RenderedChunk[];
  release(scope: S, strangers: readonly Stranger[]): readonly RenderedChunk[];
}
