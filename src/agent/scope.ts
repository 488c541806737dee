/** What of an upstream we write to, and how the owner becomes the mark there. */
import { createHash } from 'node:crypto';

import type { UpstreamConfig } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import type {
  Capabilities,
  DeviceScope,
  KernelScope,
  Mark,
  RouterDriver,
  RouteScope,
} from '../drivers/driver.ts';

/** How long a commit waits for its confirmation where nothing else is configured, in seconds. */
const CONFIRM_SECONDS = 300;

/** Place and mark on Linux where nothing else is configured. */
export const KERNEL_DEFAULTS: KernelScope = { table: 'main', protocol: 201, metric: 1024 };

/** The configured place and mark, with the defaults of docs/configuration.md. */
export function scopeOf(
  config: UpstreamConfig,
  owner: string,
  { capabilities }: RouterDriver,
): RouteScope {
  const {
    os,
    table = KERNEL_DEFAULTS.table,
    protocol = KERNEL_DEFAULTS.protocol,
    metric = KERNEL_DEFAULTS.metric,
  } = config;
  return os === 'linux' ? { table, protocol, metric } : deviceScope(config, owner, capabilities);
}

type DeviceOptions = Pick<
  UpstreamConfig,
  'vrf' | 'distance' | 'tag' | 'markName' | 'dialect' | 'confirmSeconds' | 'bird'
>;

/** The scope on every OS but linux. */
export function deviceScope(
  options: DeviceOptions,
  owner: string,
  { transaction, dialects }: Capabilities,
): DeviceScope {
  const { distance, tag, markName: name, dialect, bird } = options;
  // Routers show what is in it without a name, so with one it would never be found again.
  const vrf = options.vrf === 'default' ? undefined : options.vrf;
  const otherwise = transaction === 'confirmed' ? CONFIRM_SECONDS : 0;
  const { confirmSeconds = otherwise } = options;
  const made = markFor(owner);
  return {
    vrf,
    distance,
    mark: { tag: tag ?? made.tag, name: name ?? made.name },
    dialect: dialect === undefined ? dialects?.[0] : known(dialect, dialects),
    confirmSeconds: confirmSeconds === 0 ? undefined : confirmSeconds,
    ...(bird === undefined ? {} : { bird }),
  };
}

function known(dialect: string, dialects: readonly string[] = []): string {
  if (!dialects.includes(dialect)) {
    const choice = dialects.length === 0 ? 'left out' : dialects.join(' or ');
    throw new RouteSyncError(
      'CONFIG_INVALID',
      `dialect is ${JSON.stringify(dialect)}, and for this router OS it must be ${choice}`,
    );
  }
  return dialect;
}

/**
 * The tag is the first 32 bits of the SHA-256 of the owner's text, brought into 1-4294967295; the name is the owner's
 * text behind `route-sync-`.
 */
export function markFor(owner: string): Mark {
  const bits = createHash('sha256').update(owner).digest().readUInt32BE(0);
  return { tag: 1 + (bits % 4_294_967_295), name: `route-sync-${owner}` };
}
