/** The `policy` section: which prefixes may go upstream, and how. */
import { z } from 'zod';

import type { PrefixRule } from '../core/policy.ts';
import { bitsOf, parsePrefix, PrefixError, type Prefix } from '../core/prefix.ts';
import {
  choice,
  cloudName,
  cloudText,
  filledList,
  flag,
  mustBe,
  section,
  whole,
} from './fields.ts';

const ALLOW_EXAMPLE = 'allow: [{ prefix: 10.0.0.0/8, minLength: 16, maxLength: 29 }]';

const prefix = z
  .string({ error: mustBe('a prefix such as 10.0.0.0/8') })
  .transform((text, context): Prefix => {
    try {
      return parsePrefix(text);
    } catch (error) {
      if (!(error instanceof PrefixError)) {
        throw error;
      }
      context.issues.push({ code: 'custom', message: error.message, input: text });
      return z.NEVER;
    }
  })
  .describe('The range, as `address/length` without host bits. IPv4 or IPv6.');

const selectors = {
  externalNetworks: selector('reached through these external networks (names or ids)'),
  projects: selector('of these projects (ids)'),
  addressScopes: selector('whose subnet pool is in these address scopes (names or ids)'),
  subnetPools: selector('from these subnet pools (names or ids)'),
};

const rule = section({
  prefix,
  minLength: whole(0, 128)
    .optional()
    .describe("The shortest prefix that matches. Default: the length of the range's own prefix."),
  maxLength: whole(0, 128)
    .optional()
    .describe('The longest prefix that matches. Default: 32 for IPv4, 128 for IPv6.'),
  ...selectors,
}).transform((input, context): PrefixRule => {
  const { length, family, text } = input.prefix;
  const bits = bitsOf(family);
  const { minLength = length, maxLength = bits } = input;
  const refuse = (key: string, message: string): void => {
    context.issues.push({ code: 'custom', message, path: [key], input });
  };
  if (minLength < length) {
    refuse('minLength', `must be at least the length of ${text} (${length}), not ${minLength}`);
  } else if (minLength > bits) {
    refuse('minLength', `must be at most ${bits} for IPv${family}, not ${minLength}`);
  } else if (maxLength < minLength) {
    const least = input.minLength === undefined ? `the length of ${text}` : 'minLength';
    refuse('maxLength', `must be at least ${least} (${minLength}), not ${maxLength}`);
  }
  if (maxLength > bits) {
    refuse('maxLength', `must be at most ${bits} for IPv${family}, not ${maxLength}`);
  }
  return { ...input, minLength, maxLength };
});

const RESERVED_EXAMPLE = '{ prefix: 10.1.0.0/16, projects: [PROJECT-ID] }';

const reservedRange = section({ prefix, ...selectors }).check((context) => {
  const { externalNetworks, projects, addressScopes, subnetPools } = context.value;
  if (
    [externalNetworks, projects, addressScopes, subnetPools].every(({ length }) => length === 0)
  ) {
    context.issues.push({
      code: 'custom',
      message: `must say whom the range is reserved for: projects, subnetPools, addressScopes or externalNetworks, for example "${RESERVED_EXAMPLE}"`,
      input: context.value,
    });
  }
});

function selector(which: string): z.ZodPrefault<z.ZodReadonly<z.ZodArray<z.ZodString>>> {
  return z
    .array(cloudName(), { error: mustBe('a list of names or ids') })
    .readonly()
    .prefault([])
    .describe(`Matches only prefixes ${which}. Empty: any.`);
}

function tag(): z.ZodString {
  return cloudText('a Neutron tag in quotes, for example "route-sync:off"');
}

export const policySchema = section(
  {
    mode: choice(['sync', 'upsert-only', 'create-only'], 'mode: sync').describe(
      'What may be done upstream. `sync`: add, replace and remove; `upsert-only`: never remove; `create-only`: only add.',
    ),
    allow: filledList(
      rule,
      `write which prefixes may go upstream, for example "${ALLOW_EXAMPLE}"`,
    ).describe(
      'The prefixes that may go upstream; whatever matches no entry stays out. The built-in refusals (default route, multicast, link-local, loopback ...) hold in any case.',
    ),
    deny: z
      .array(rule, { error: mustBe('a list of entries as in policy.allow') })
      .readonly()
      .prefault([])
      .describe(
        'Prefixes that stay out although `allow` lets them through; entries as in `allow`.',
      ),
    reserved: z
      .array(reservedRange, {
        error: mustBe(
          `a list of ranges and whom they are for, for example "[${RESERVED_EXAMPLE}]"`,
        ),
      })
      .readonly()
      .prefault([])
      .describe(
        'Ranges and whom they are for, by at least one of projects, subnet pools, address scopes and external networks: what else overlaps such a range stays out although `allow` lets it through. A prefix must match every entry that it overlaps.',
      ),
    foreignOverlap: choice(['warn', 'refuse'])
      .default('warn')
      .describe(
        'What a foreign route on the upstream that is more specific than ours does: `warn` in the report, or `refuse` ours.',
      ),
    foreignCovering: choice(['ignore', 'warn', 'refuse'])
      .default('ignore')
      .describe(
        'What a foreign route on the upstream that is less specific than ours does: nothing, `warn` in the report, or `refuse` ours. Default routes and routes that discard never count.',
      ),
    tags: section({
      optOut: tag()
        .default('route-sync:off')
        .describe('Routers and subnets with this Neutron tag are left out.'),
      optIn: tag()
        .optional()
        .describe('If set: only routers and subnets with this Neutron tag are taken.'),
    })
      .prefault({})
      .describe('Neutron tags with which projects steer their own routers and subnets.'),
    extraRoutes: flag()
      .default(false)
      .describe(
        "Announce the routers' own extra routes whose next hop is in one of their tenant subnets.",
      ),
    floatingIps: flag()
      .default(false)
      .describe('Announce floating IPs that the upstream is not connected to, as host routes.'),
    ecmp: flag()
      .default(false)
      .describe('Install one prefix with several next hops where a subnet has several legs.'),
  },
  {
    required: `write what may go upstream, for example "policy: { mode: sync, ${ALLOW_EXAMPLE} }"`,
  },
);
