/**
 * The lines of both CLIs of SR OS that change a static route, each with its whole path (Nokia MD-CLI and classic CLI
 * command references, static-routes and static-route-entry). A path comes up only once its mark stands.
 */
import type { DeviceScope } from '../driver.ts';
import type { DevicePath, Edit } from '../kit/edits.ts';
import type { EditLines } from '../kit/script.ts';
import { safeWord } from '../kit/word.ts';

/** Below the MD-CLI's static-routes; `isShared` where somebody else has next hops at the prefix. */
export function mdLinesOf(scope: DeviceScope, edit: Edit, isShared: boolean): EditLines {
  const { prefix, make, move, drop, after } = edit;
  const { vrf } = scope;
  const router = vrf === undefined ? 'router "Base"' : `service vprn "${safeWord('vrf', vrf)}"`;
  const words = safeWord('prefix', prefix.text);
  const route = `/configure ${router} static-routes route ${words} route-type unicast`;
  const hop = (path: DevicePath): string => `${route} next-hop "${nameOf(path)}"`;
  const set = (path: DevicePath): readonly string[] => [
    `${hop(path)} tag ${number(scope.mark.tag)}`,
    ...(path.distance === undefined ? [] : [`${hop(path)} preference ${number(path.distance)}`]),
    `${hop(path)} admin-state enable`,
  ];
  const reset = ({ path }: Edit['move'][number]): readonly string[] => [
    ...(path.distance === undefined ? [`delete ${hop(path)} preference`] : []),
    ...set(path),
  ];
  return {
    makes: [...make.flatMap(set), ...move.flatMap(reset)],
    breaks:
      after.length === 0 && !isShared
        ? [`delete ${route}`]
        : drop.map((path) => `delete ${hop(path)}`),
  };
}

/** Below the classic CLI's static-route-entry; what goes has to be down first. */
export function classicLinesOf(scope: DeviceScope, edit: Edit, isShared: boolean): EditLines {
  const { prefix, make, move, drop, after } = edit;
  const { vrf } = scope;
  const router = vrf === undefined ? 'router' : `service vprn ${safeWord('vrf', vrf)}`;
  const words = safeWord('prefix', prefix.text);
  const entry = `configure ${router} static-route-entry ${words}`;
  const hop = (path: DevicePath): string => `${entry} next-hop ${nameOf(path)}`;
  const set = (path: DevicePath): readonly string[] => [
    `${hop(path)} tag ${number(scope.mark.tag)}`,
    ...(path.distance === undefined ? [] : [`${hop(path)} preference ${number(path.distance)}`]),
    `${hop(path)} no shutdown`,
  ];
  const reset = ({ path }: Edit['move'][number]): readonly string[] => [
    ...(path.distance === undefined ? [`${hop(path)} no preference`] : []),
    ...set(path),
  ];
  const isLast = after.length === 0 && !isShared;
  return {
    makes: [...make.flatMap(set), ...move.flatMap(reset)],
    breaks: [
      ...drop.flatMap((path) => [`${hop(path)} shutdown`, `${entry} no next-hop ${nameOf(path)}`]),
      ...(isLast ? [`configure ${router} no static-route-entry ${words}`] : []),
    ],
  };
}

/** A next hop that needs its interface has it behind a dash. */
function nameOf({ address, device }: DevicePath): string {
  const interfaceName = device === undefined ? '' : `-${safeWord('interface', device)}`;
  return `${safeWord('address', address)}${interfaceName}`;
}

function number(value: number): string {
  return safeWord('number', String(value));
}
