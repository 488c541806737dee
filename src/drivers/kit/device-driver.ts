/** From what is particular to one router OS to its driver: what asking, judging and chunking have in common. */
import type { InstalledRoute, UpstreamState } from '../../core/route.ts';
import { refusalOf, refuseFailure } from './device-errors.ts';
import type { DeviceSpec } from './device-spec.ts';
import { stateOf } from './device-state.ts';
import type { CommandOutput, DeviceScope, Rejection, RouterDriver, Stranger } from '../driver.ts';
import { editsOf, type Edit } from './edits.ts';
import { unsupportedIn } from './unsupported.ts';

/** The driver of an OS that keeps its routes as configuration. */
export function deviceDriver(spec: DeviceSpec): RouterDriver<DeviceScope> {
  const { os, capabilities, session, routeQuestions, addressQuestions, defaultDistance } = spec;
  return {
    os,
    capabilities,
    session,
    gather: (scope) => [...routeQuestions(scope), ...addressQuestions(scope)],
    parse: (scope, outputs) => parse(spec, scope, outputs),
    readPaths: spec.readPaths,
    unsupported: (change) =>
      unsupportedIn(change, { nextHops: capabilities.nextHops, device: 'interface' }),
    render: (scope, changes, state) =>
      chunksOf(editsOf(scope, changes, defaultDistance), capabilities.chunk).flatMap((edits) =>
        spec.render(scope, edits, state),
      ),
    rejections: spec.rejections ?? ((_, output) => rejectNone(spec, output)),
    refusal: (change, answer) => refusalOf(spec, change, answer),
    probe: spec.probe,
    probed: (_, output) => refuseFailure(spec, output),
    save: (scope) => spec.save?.(scope),
    gatherSaved: (scope) =>
      spec.savedQuestions && [...spec.savedQuestions(scope), ...addressQuestions(scope)],
    strangersAt: (scope, outputs, prefixes) =>
      parse(spec, scope, outputs)
        .routes.filter(({ owned, prefix }) => !owned && prefixes.has(prefix.text))
        .map((route) => strangerOf(os, route)),
    // Nothing without obstacle ever comes here: see strangerOf.
    takeOver: () => [],
    release: () => [],
  };
}

function chunksOf(edits: readonly Edit[], size: number): readonly (readonly Edit[])[] {
  const count = Math.ceil(edits.length / size);
  return Array.from({ length: count }, (_, i) => edits.slice(i * size, (i + 1) * size));
}

function parse(
  spec: DeviceSpec,
  scope: DeviceScope,
  outputs: readonly CommandOutput[],
): UpstreamState {
  outputs.forEach((output) => refuseFailure(spec, output));
  return spec.readState?.(scope, outputs) ?? stateOf(spec, scope, outputs);
}

/** A script's answers are judged line by line; what is left is the failure of a whole. */
function rejectNone(spec: DeviceSpec, output: CommandOutput): readonly Rejection[] {
  refuseFailure(spec, output);
  return [];
}

function strangerOf(os: string, route: InstalledRoute): Stranger {
  return {
    route,
    nextHops: route.nextHops,
    protocol: 0,
    metric: 0,
    obstacle: `is on a router with ${os}, where route-sync takes no route over: remove it there, and ours is added in the next cycle`,
  };
}
