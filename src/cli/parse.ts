/** `route-sync parse`: the static routes in given output of a router, without any router. */
import { driverFor, type RouterOs } from '../drivers/index.ts';
import type { StaticPath } from '../drivers/static-path.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printJson } from './print-json.ts';
import { readInput } from './render.ts';

export interface ParseOptions {
  readonly os: RouterOs;
  readonly file: string;
}

/** Prints the JSON array that docs/cli.md describes; an output without static routes is an empty one. */
export async function parseCommand(
  context: CommandContext,
  { os, file }: ParseOptions,
): Promise<ExitCode> {
  const text = await readInput(context, file);
  const driver = await driverFor(os);
  printJson(context, driver.readPaths(text).map(inOrder));
  return EXIT.ok;
}

/** The keys in the order of the contract. */
function inOrder(path: StaticPath): StaticPath {
  const { vrf, prefix, nextHop, interface: device, distance, tag, name, description } = path;
  const { discard, disabled } = path;
  return {
    vrf,
    prefix,
    nextHop,
    interface: device,
    distance,
    tag,
    name,
    description,
    discard,
    ...(disabled === true ? { disabled } : {}),
  };
}
