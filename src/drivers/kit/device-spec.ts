/** What is particular to one router OS that keeps its routes as configuration: device-driver.ts makes its driver of it. */
import type { InterfaceAddress, UpstreamState } from '../../core/route.ts';
import type { ErrorCode } from '../../errors.ts';
import type {
  Capabilities,
  Command,
  DeviceScope,
  Mark,
  RenderedChunk,
  RouterDriver,
} from '../driver.ts';
import type { Edit } from './edits.ts';
import type { SessionDefinition } from '../session.ts';
import type { StaticPath } from '../static-path.ts';

/** What the device says of one refused line, and what route-sync makes of it. */
export interface KnownRefusal {
  readonly words: RegExp;
  readonly code: ErrorCode;
  /** What to do, as the end of a sentence. */
  readonly hint: string;
}

/** What is particular to one router OS. */
export interface DeviceSpec {
  readonly os: string;
  readonly capabilities: Capabilities;
  readonly session: SessionDefinition | undefined;
  /** The distance of a static route that names none. */
  readonly defaultDistance: number;
  /** The answers hold every static route of the scope, ours and foreign, also those that are not active. */
  readonly routeQuestions: (scope: DeviceScope) => readonly Command[];
  /** The answers hold the addresses of the router's own interfaces. */
  readonly addressQuestions: (scope: DeviceScope) => readonly Command[];
  /** See RouterDriver.readPaths. */
  readonly readPaths: (text: string) => readonly StaticPath[];
  /** Own addresses of the router in the VRF, with their connected networks; both IPv4 and IPv6. */
  readonly readAddresses: (text: string, vrf: string | undefined) => readonly InterfaceAddress[];
  /** In place of what {@link readPaths}, {@link readAddresses} and {@link isOurs} would tell of the answers. */
  readonly readState?: RouterDriver<DeviceScope>['parse'];
  /** True if the path carries the mark; where several attributes could, all that we write must fit. */
  readonly isOurs: (path: StaticPath, mark: Mark, scope: DeviceScope) => boolean;
  /** Edits come with adds first and removals last, at most `capabilities.chunk` of them. */
  readonly render: (
    scope: DeviceScope,
    edits: readonly Edit[],
    state: UpstreamState,
  ) => readonly RenderedChunk[];
  /** The first one that fits tells the error; what none fits is ROUTE_REJECTED with the device's words. */
  readonly refusals: readonly KnownRefusal[];
  /** What any command is answered with for lack of rights. */
  readonly notPermitted: RegExp;
  readonly probe: (scope: DeviceScope) => Command;
  readonly save?: (scope: DeviceScope) => Command;
  /** In the number and order of `routeQuestions`. */
  readonly savedQuestions?: (scope: DeviceScope) => readonly Command[];
  /** For systems that run programs: see RouterDriver.rejections. */
  readonly rejections?: RouterDriver<DeviceScope>['rejections'];
}
