/**
 * The configuration that `route-sync init` writes, with its comments. All YAML is written by the library; names, which
 * tenants may have typed, reach comments only escaped.
 */
import { Document, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';

import type { RouterOs } from '../drivers/index.ts';
import type { ProposedRange, Proposal } from './init-ranges.ts';

export interface InitialConfig {
  readonly owner: string;
  /** The entry of clouds.yaml. */
  readonly cloudName: string | undefined;
  readonly natModel: 'auto' | 'ovs' | 'ovn';
  /** What the cloud showed: `12 routers, 30 subnets, NAT as ML2/OVN`. */
  readonly seen: string;
  readonly proposal: Proposal;
  readonly externalNetworks: readonly ListedNetwork[];
  /** Names of what entries of the policy may be limited to. */
  readonly pools: readonly string[];
  readonly scopes: readonly string[];
  readonly upstream: {
    readonly name: string;
    readonly os: RouterOs;
    readonly host: string | undefined;
  };
}

export interface ListedNetwork {
  /** Its name where that is plain and unique, else its id. */
  readonly value: string;
  readonly note: string;
}

/** RFC 5737: nobody's address, and no subnet. */
const NOTHING = { prefix: '192.0.2.0/32' };

/** How many names or ranges a comment lists. */
const LISTED = 20;

/** `escape` makes text of others harmless on one line. */
export function initialConfig(config: InitialConfig, escape: (text: string) => string): string {
  const { owner, cloudName, natModel, upstream, proposal, externalNetworks } = config;
  const { allow } = proposal;
  const cloud = {
    ...(cloudName === undefined ? {} : { name: cloudName }),
    ...(natModel === 'auto' ? {} : { natModel }),
  };
  const document = new Document({
    owner,
    ...(Object.keys(cloud).length === 0 ? {} : { cloud }),
    policy: { mode: 'upsert-only', allow: allow.length === 0 ? [NOTHING] : allow.map(entryOf) },
    upstreams: [
      {
        name: upstream.name,
        os: upstream.os,
        externalNetworks: externalNetworks.map(({ value }) => value),
        ...(upstream.host === undefined ? {} : { via: { ssh: { host: upstream.host } } }),
      },
    ],
  });
  const note = noteIn(document, escape);
  document.commentBefore = commentOf(header(config), escape);
  layOut(document);
  note(['owner'], OWNER);
  note(['policy', 'mode'], MODE);
  note(['policy', 'allow'], allowNotes(config));
  allow.forEach((range, index) => note(['policy', 'allow', index], [countText(range)]));
  note(['policy', 'allow', 0], allow.length === 0 ? NOTHING_SEEN : []);
  note(['upstreams', 0], upstreamNotes(config));
  externalNetworks.forEach((network, index) =>
    note(['upstreams', 0, 'externalNetworks', index], [network.note]),
  );
  return document.toString({ lineWidth: 0 });
}

const OWNER = [
  'Who we are: ledger and marks of our routes carry this id. Another installation needs another one.',
];

const MODE = [
  'upsert-only: add and correct, never remove; good for the first days. The plan shows what it keeps back. Then: sync.',
];

const NOTHING_SEEN = [
  "No subnet of a private range or a pool is behind a router that does no NAT. This one (RFC 5737) is nobody's and lets",
  'nothing through: replace it.',
];

function header({ seen }: InitialConfig): readonly string[] {
  return [
    `Written by "route-sync init" from what the cloud showed: ${seen}.`,
    'It is a proposal: review policy.allow. "route-sync plan" reads everything and writes nothing.',
    'Every key: docs/configuration.md.',
  ];
}

function allowNotes({ proposal, pools, scopes }: InitialConfig): readonly string[] {
  const { outside } = proposal;
  return [
    'Nothing goes upstream unless it is inside one of these ranges. They are as tight as what is in use today: REVIEW them.',
    ...(outside.length === 0
      ? []
      : [
          'Neither private nor from a subnet pool, so left out; take in what is yours:',
          ...outside
            .slice(0, LISTED)
            .map((range) => `- ${rangeText(range)}  (${countText(range)})`),
          ...moreText(outside),
        ]),
    ...listText('Subnet pools, for subnetPools: [NAME] of an entry', pools),
    ...listText('Address scopes, for addressScopes: [NAME] of an entry', scopes),
  ];
}

function upstreamNotes({ upstream }: InitialConfig): readonly string[] {
  return upstream.host === undefined
    ? [
        'This host is the router in front of these external networks. A router over SSH: init --os OS --host HOST.',
      ]
    : [
        'The router in front of these external networks. Its host key must be known; what its OS needs: docs/routers.md.',
      ];
}

function entryOf({ prefix, minLength, maxLength, pool }: ProposedRange): Record<string, unknown> {
  return {
    prefix: prefix.text,
    ...(minLength === prefix.length ? {} : { minLength }),
    maxLength,
    ...(pool === undefined ? {} : { subnetPools: [pool] }),
  };
}

/** Canonical prefixes and numbers alone: safe in YAML as they are. */
function rangeText({ prefix, minLength, maxLength }: ProposedRange): string {
  const least = minLength === prefix.length ? '' : `, minLength: ${minLength}`;
  return `{ prefix: "${prefix.text}"${least}, maxLength: ${maxLength} }`;
}

function countText({ subnets }: ProposedRange): string {
  return `${subnets} ${subnets === 1 ? 'subnet' : 'subnets'} today`;
}

function listText(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0
    ? []
    : [`${what}:`, ...names.slice(0, LISTED).map((name) => `- ${name}`), ...moreText(names)];
}

function moreText(list: readonly unknown[]): readonly string[] {
  return list.length > LISTED ? [`... and ${list.length - LISTED} more`] : [];
}

/** Empty lines between the sections, and one line for each entry of `allow`. */
function layOut(document: Document): void {
  for (const key of ['cloud', 'policy', 'upstreams'].map((name) => nodeAt(document, [name]))) {
    if (key !== undefined) {
      key.spaceBefore = true;
    }
  }
  const allow = document.getIn(['policy', 'allow'], true);
  for (const entry of isSeq(allow) ? allow.items : []) {
    if (isMap(entry)) {
      entry.flow = true;
    }
  }
}

type Path = readonly (string | number)[];

/** Puts a comment before a key or an entry of a list. */
function noteIn(
  document: Document,
  escape: (text: string) => string,
): (path: Path, lines: readonly string[]) => void {
  return (path, lines) => {
    const node = nodeAt(document, path);
    if (node !== undefined && lines.length > 0) {
      node.commentBefore = commentOf(lines, escape);
    }
  };
}

function nodeAt(document: Document, path: Path): Node | undefined {
  const parent = document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find((item: Pair) => isScalar(item.key) && item.key.value === last);
    return isScalar(pair?.key) ? pair.key : undefined;
  }
  const item: unknown = isSeq(parent) ? parent.items[Number(last)] : undefined;
  return isMap(item) || isScalar(item) ? item : undefined;
}

function commentOf(lines: readonly string[], escape: (text: string) => string): string {
  return lines.map((line) => ` ${escape(line)}`).join('\n');
}
