/** The service catalog of a token: which URL is Neutron's for the configured region and interface, and which others there are. */
import { z } from 'zod';
import { printable } from './answer.ts';
import type { CloudConfig } from './cloud-config.ts';
import { OpenStackError } from './errors.ts';

/** The part of Keystone's catalog that is used. */
export const catalogSchema = z.array(
  z.object({
    type: z.string(),
    endpoints: z.array(
      z.object({
        interface: z.string(),
        region_id: z.string().nullish(),
        region: z.string().nullish(),
        url: z.string(),
      }),
    ),
  }),
);

export type Catalog = z.output<typeof catalogSchema>;

/** Neutron's base URL ending in `/v2.0/`: the override, else the catalog's one; CLOUD_ENDPOINT_MISSING where none or several fit. */
export function findNetworkEndpoint(config: CloudConfig, catalog: Catalog): URL {
  if (config.networkEndpoint !== undefined) {
    return versioned(config.networkEndpoint);
  }
  const all = endpointsOf(catalog, ['network']);
  const fitting = all.filter(
    (endpoint) => endpoint.kind === config.interface && isInRegion(endpoint, config),
  );
  const urls = new Set(fitting.map(({ url }) => url));
  const [url] = urls;
  if (url === undefined || urls.size > 1 || !URL.canParse(url)) {
    const problem =
      urls.size > 1 ? `${urls.size.toString()} network endpoints` : 'no usable network endpoint';
    const regions = [...new Set(all.map(({ region }) => region))].toSorted();
    const known = [...new Set(all.map(({ kind, region }) => `${region} ${kind}`))].toSorted();
    throw new OpenStackError(
      'CLOUD_ENDPOINT_MISSING',
      `the catalog has ${problem} for region ${config.region ?? '(not set)'} and interface ${config.interface}; it lists ${printable(known.join(', '), 500) || 'none'}: set region_name and interface, or network_endpoint_override (${config.source})`,
      { details: { region: config.region ?? null, interface: config.interface, regions, known } },
    );
  }
  return versioned(url);
}

/** The URLs of Keystone and Neutron at every interface of the configured region, in use or not; what is no URL is passed over. */
export function listApiUrls(config: CloudConfig, catalog: Catalog): readonly string[] {
  return endpointsOf(catalog, ['identity', 'network'])
    .filter((endpoint) => isInRegion(endpoint, config))
    .map(({ url }) => url)
    .filter((url) => /^https?:/iv.test(url) && URL.canParse(url));
}

interface Endpoint {
  readonly kind: string;
  readonly region: string;
  readonly url: string;
}

function endpointsOf(catalog: Catalog, types: readonly string[]): readonly Endpoint[] {
  return catalog
    .filter(({ type }) => types.includes(type))
    .flatMap(({ endpoints }) => endpoints)
    .map(({ interface: kind, region_id, region, url }) => ({
      kind,
      region: region_id ?? region ?? '',
      url,
    }));
}

function isInRegion({ region }: Endpoint, config: CloudConfig): boolean {
  return config.region === undefined || region === config.region;
}

// Catalogs hold it with and without a slash at the end, with and without the version.
function versioned(url: string): URL {
  return new URL(`${url.replace(/\/+$/v, '').replace(/\/v2\.0$/v, '')}/v2.0/`);
}
