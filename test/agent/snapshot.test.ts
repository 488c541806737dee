/** What a cloud may answer on a bad day, through the real client: an error, never fewer routes. */
import { expect } from 'chai';

import { type CloudView, readCloud } from '../../src/agent/cloud-view.ts';
import { readSnapshot } from '../../src/agent/snapshot.ts';
import { exitCodeOfError } from '../../src/cli/exit-code.ts';
import type { Fault, SeenRequest, ServeOptions } from '../../src/demo/cloud.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { listing, newRouter } from '../cli/fake-ip.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, failureOf, openCycleScene, reportOn } from './cycle-scene.ts';
import { hiding } from './losses.ts';

type Small = ReturnType<typeof webAndDatabase>;
type Rows = readonly Readonly<Record<string, unknown>>[];

const HTML = '<html><body>Welcome to nginx</body></html>';

function on(part: string, fault: Fault): (request: SeenRequest) => Fault | undefined {
  return ({ url }) => (url.includes(part) ? fault : undefined);
}

/** Leaves objects out of one list, as a broken list would. */
function without(kind: string, isLost: (row: Rows[number]) => boolean): Fault {
  return {
    body: (text) => {
      const answer = JSON.parse(text) as Record<string, Rows>;
      return JSON.stringify({ [kind]: answer[kind]?.filter((row) => !isLost(row)) });
    },
  };
}

interface Case {
  readonly what: string;
  readonly fault?: (small: Small) => (request: SeenRequest) => Fault | undefined;
  readonly change?: (small: Small) => void;
  readonly config?: object;
  readonly code: string;
  readonly message: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'a token that lost the role admin sees its own project only',
    change: ({ cloud }) => cloud.identity.setRoles(cloud.identity.admin, ['member', 'reader']),
    // The admin project owns the external network, so it still sees the gateway ports of routers that it does not see.
    code: 'SNAPSHOT_INCOMPLETE',
    message: /^port \S+ belongs to router \S+, which is not shown; .*see all projects/,
  },
  {
    what: 'a list of routers without one whose ports are there',
    fault: ({ database }) =>
      on(
        '/v2.0/routers?',
        without('routers', ({ id }) => id === database.router.id),
      ),
    code: 'SNAPSHOT_INCOMPLETE',
    message: /belongs to router \S+, which is not shown/,
  },
  {
    what: 'a list of subnets without one that a port is in',
    fault: ({ database }) =>
      on(
        '/v2.0/subnets?',
        without('subnets', ({ id }) => id === database.subnet.id),
      ),
    code: 'SNAPSHOT_INCOMPLETE',
    message: /has an address in subnet \S+, which is not shown/,
  },
  {
    what: 'a list of networks without the external one',
    fault: () =>
      on(
        '/v2.0/networks?',
        without('networks', () => true),
      ),
    code: 'SNAPSHOT_INCOMPLETE',
    message: /has a gateway on network \S+, which is not shown as external/,
  },
  {
    what: 'gateway ports that are not shown',
    fault: () =>
      on(
        'router_gateway',
        without('ports', () => true),
      ),
    code: 'CLOUD_VIEW_NARROWED',
    message: /does not see all projects: router \S+ has a gateway .* give it the admin role/,
  },
  {
    what: 'external subnets that are not shown',
    fault: ({ externalSubnet }) =>
      on(
        '/v2.0/subnets?',
        without('subnets', ({ id }) => id === externalSubnet.id),
      ),
    code: 'CLOUD_VIEW_NARROWED',
    message: /external network \S+ has subnet \S+, which is not shown/,
  },
  {
    what: 'an object with an address that is none',
    fault: () =>
      on('router_interface', { body: (text) => text.replace('198.51.100.33', '198.51.100.333') }),
    code: 'SNAPSHOT_INCOMPLETE',
    message: /^the cloud shows port \S+ with a bad value: "198\.51\.100\.333" is not an IP address/,
  },
  {
    what: '503 with the HTML of a proxy',
    fault: () => on('/v2.0/ports', { status: 503, body: HTML }),
    code: 'CLOUD_UNAVAILABLE',
    message: /^GET \/networking\/v2\.0\/ports: 503 .*request req-/,
  },
  {
    what: 'HTML instead of JSON',
    fault: () => on('/v2.0/routers', { body: HTML, headers: { 'Content-Type': 'text/html' } }),
    code: 'CLOUD_ANSWER_INVALID',
    message: /^GET \/networking\/v2\.0\/routers: 200, but no JSON \(.*\): "<html>/,
  },
  {
    what: 'a body that breaks off',
    fault: () => on('/v2.0/subnets', { truncateAt: 40 }),
    code: 'CLOUD_ANSWER_INVALID',
    message: /the body broke off after 40 bytes/,
  },
  {
    what: 'valid JSON of another shape',
    fault: () => on('/v2.0/routers', { body: '{"routers": {}}' }),
    code: 'CLOUD_ANSWER_INVALID',
    message: /no list of objects under "routers"/,
  },
  {
    what: 'a Neutron that hangs',
    fault: () => on('/v2.0/subnets', { delayMs: Infinity }),
    config: { cloud: { retries: 0, snapshotTimeoutSeconds: 0.2 } },
    code: 'SNAPSHOT_DEADLINE',
    message: /longer than cloud\.snapshotTimeoutSeconds \(0\.2 s\); raise it/,
  },
  {
    what: 'a Keystone that hangs',
    fault: () => on('/auth/tokens', { delayMs: Infinity }),
    config: { cloud: { retries: 0, snapshotTimeoutSeconds: 0.2 } },
    code: 'SNAPSHOT_DEADLINE',
    message: /longer than cloud\.snapshotTimeoutSeconds \(0\.2 s\)/,
  },
  {
    what: 'one request that hangs',
    fault: () => on('/v2.0/ports', { delayMs: Infinity }),
    config: { cloud: { retries: 0, requestTimeoutSeconds: 0.2 } },
    code: 'CLOUD_TIMEOUT',
    message: /gave no complete answer within 0\.2 s/,
  },
  {
    what: 'a connection that is cut',
    fault: () => on('/v2.0/routers', { destroy: true }),
    code: 'CLOUD_UNREACHABLE',
    message: /closed before an answer came/,
  },
  {
    what: 'a wrong password',
    fault: () => on('/auth/tokens', { status: 401, body: '{"error":{"code":401,"message":"no"}}' }),
    code: 'CLOUD_UNAUTHORIZED',
    message: /refuses user admin .* check the credentials/,
  },
  {
    what: 'a Neutron that refuses every token',
    fault: () => on('/networking/', { status: 401, body: '{"error":{"code":401,"message":"no"}}' }),
    code: 'CLOUD_UNAUTHORIZED',
    message: /refused with a fresh token too/,
  },
];

/** Neutron's list of extensions knows no pages, so it is not asked. */
const PAGED = { retries: 0, natModel: 'ovn' };
const NO_LINKS = { routers_links: [], subnets_links: [], ports_links: [] };

describe('readSnapshot', () => {
  let scene: CycleScene;
  let small: Small;
  let router: Transport;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  async function open(options: ServeOptions = {}): Promise<void> {
    small = webAndDatabase();
    fault = undefined;
    scene = await openCycleScene(small.cloud, { ...options, onRequest: (seen) => fault?.(seen) });
    router = await newRouter();
    scene.routers.set('edge1', router);
    await scene.configure({ removal: { snapshots: 1, graceSeconds: 0 } });
  }

  async function openPaged(): Promise<void> {
    await open({ maxPageSize: 1 });
    await scene.configure({ cloud: PAGED });
  }

  /** The cloud alone, as a cycle reads it. */
  async function look(): Promise<CloudView> {
    return scene.withDeps(true, async (deps) => readCloud(deps));
  }

  afterEach(async () => {
    await scene.close();
  });

  for (const { what, fault: broken, change, config, code, message } of CASES) {
    it(`refuses ${what}, and nothing is removed`, async () => {
      await open();
      await scene.apply();
      small.cloud.removeInterface(small.web.router, small.web.subnet);
      await scene.configure({ removal: { snapshots: 1, graceSeconds: 0 }, ...config });
      const before = await listing(router);
      fault = broken?.(small);
      change?.(small);

      const error = await failureOf(look());

      expect(error.code).to.equal(code);
      expect(error.message)
        .to.match(message)
        .and.not.match(/\n|embedded-cloud-only/);
      expect(exitCodeOfError(error)).to.equal(1);
      await scene.apply();
      expect(await listing(router)).to.equal(before);
    });
  }

  it('tells a user without rights just that, and does not ask for the NAT model', async () => {
    await open();
    const { cloud } = small;
    cloud.identity.setRoles(cloud.identity.admin, []);
    fault = on(
      'router_gateway',
      without('ports', () => true),
    );

    const error = await failureOf(scene.apply());

    expect(error.code).to.equal('CLOUD_VIEW_NARROWED');
    expect(error.message).to.contain('do not include admin');
  });

  it('protects the interfaces of the API that are not in use as well', async () => {
    await open();
    const internal = /(?<start>"interface":"internal"[^}]*"url":")[^"]*/g;
    fault = on('/auth/tokens', {
      body: (text) => text.replaceAll(internal, '$<start>http://198.51.100.40:9696'),
    });

    const { candidates } = await look();

    const covering = candidates.filter(({ verdict }) => verdict === 'covers-protected');
    expect(covering.map(({ prefix }) => prefix.text)).to.deep.equal(['198.51.100.32/27']);
  });

  it('reads again when the cloud changed between two lists', async () => {
    await open();
    let reads = 0;
    fault = ({ url }) => {
      reads += url.includes('/v2.0/routers?') ? 1 : 0;
      const lost = without('routers', ({ id }) => id === small.web.router.id);
      return url.includes('/v2.0/routers?') && reads === 1 ? lost : undefined;
    };

    const report = await scene.apply();

    expect(reads).to.equal(2);
    expect(report.snapshot?.routers).to.equal(2);
  });

  it('gives a list up that stays inconsistent', async () => {
    await open();
    let reads = 0;
    fault = ({ url }) => {
      reads += url.includes('/v2.0/routers?') ? 1 : 0;
      return on(
        '/v2.0/routers?',
        without('routers', () => true),
      )({ url } as SeenRequest);
    };

    await failureOf(scene.apply());

    expect(reads).to.equal(3);
  });

  it('reads through a token that expires meanwhile', async () => {
    await open();
    let isRevoked = false;
    fault = ({ url }) => {
      if (url.includes('/v2.0/ports') && !isRevoked) {
        isRevoked = true;
        scene.server.revokeTokens();
      }
      return undefined;
    };

    const report = await scene.apply();

    expect(isRevoked).to.equal(true);
    expect(report.candidates).to.have.length(3);
  });

  describe('with a sentinel', () => {
    it('refuses a cloud that stopped showing the router, though everything else fits', async () => {
      await open();
      const { router: other } = small.addTenant('sentinel', '203.0.113.30', '198.51.100.96/27');
      await scene.configure({ cloud: { retries: 0, sentinel: { router: other.id } } });
      await scene.apply();
      const before = await listing(router);
      fault = hiding(({ id, device_id: device }) => id === other.id || device === other.id);

      const error = await failureOf(look());

      expect(error.code).to.equal('SNAPSHOT_INCOMPLETE');
      expect(error.message).to.contain(`sentinel router ${other.id} (cloud.sentinel.router)`);
      await scene.apply();
      expect(await listing(router)).to.equal(before);
    });

    it('asks for a network that is not external in each snapshot, by id, and again where it is missing', async () => {
      await open();
      const { id } = small.cloud.addNetwork({ name: 'sentinel', project: small.project });
      await scene.configure({ cloud: { retries: 0, sentinel: { network: id } } });
      let asked = 0;
      let isGone = false;
      fault = ({ url }) => {
        asked += url.includes(`/networks/${id}`) ? 1 : 0;
        return url.includes(`/networks/${id}`) && isGone
          ? {
              status: 404,
              body: '{"NeutronError": {"type": "NetworkNotFound", "message": "no", "detail": ""}}',
            }
          : undefined;
      };

      const error = await scene.withDeps(true, async (deps) => {
        await readCloud(deps);
        await readCloud(deps);
        expect(asked).to.equal(2);
        isGone = true;
        return failureOf(readCloud(deps));
      });

      expect(asked).to.equal(5);
      expect(error.code).to.equal('SNAPSHOT_INCOMPLETE');
      expect(error.message).to.contain(`sentinel network ${id}`);
    });

    it('asks for no external network', async () => {
      await open();
      const { id } = small.external;
      await scene.configure({ cloud: { retries: 0, sentinel: { network: id } } });

      await look();

      expect(scene.server.requests.map(({ url }) => url).join()).not.to.contain(`/networks/${id}`);
    });
  });

  it('knows the revisions of routers and subnets', async () => {
    await open();

    const { revisions } = await look();

    const { router: web, subnet } = small.web;
    const current = (kind: 'routers' | 'subnets', id: string): number | undefined =>
      small.cloud.list(kind).find((row) => row.id === id)?.revision_number;
    expect(revisions.get(web.id)).to.equal(current('routers', web.id));
    expect(revisions.get(subnet.id)).to.equal(current('subnets', subnet.id));
    expect(revisions.get('nobody')).to.equal(undefined);
  });

  it('follows forced pages to the end', async () => {
    await openPaged();

    const report = await scene.apply();

    expect(report.snapshot).to.include({ routers: 2, subnets: 5, ports: 5 });
  });

  describe('when a page ends without the link to the next one', () => {
    const DROPPED: readonly { what: string; part: string; code: string }[] = [
      { what: 'routers', part: '/v2.0/routers?', code: 'SNAPSHOT_INCOMPLETE' },
      { what: 'subnets', part: '/v2.0/subnets?', code: 'CLOUD_VIEW_NARROWED' },
      { what: 'gateway ports', part: 'router_gateway', code: 'CLOUD_VIEW_NARROWED' },
    ];

    const linkless: Fault = {
      body: (text) => JSON.stringify({ ...JSON.parse(text), ...NO_LINKS }),
    };

    for (const { what, part, code } of DROPPED) {
      it(`misses the other ${what}, because others refer to them`, async () => {
        await openPaged();
        fault = on(part, linkless);

        expect((await failureOf(look())).code).to.equal(code);
      });
    }

    it('asks for the other interface ports by id before it believes that they are gone', async () => {
      await openPaged();
      await scene.configure({ cloud: PAGED, removal: { snapshots: 1, graceSeconds: 0 } });
      await scene.apply();
      const before = await listing(router);
      fault = on('router_interface', linkless);

      const { plan } = reportOn(await scene.apply({ force: true }));

      expect(new Set(plan?.held.map((held) => held.code))).to.deep.equal(new Set(['unconfirmed']));
      expect(await listing(router)).to.equal(before);
    });
  });

  it('does not take a vanished page marker for the end of a list', async () => {
    await openPaged();
    await scene.apply();
    const before = await listing(router);
    // Neutron's answer to a marker that was deleted: 200, an empty list and no link.
    fault = ({ url }) =>
      url.includes('/v2.0/ports?') &&
      (url.includes('marker=') || url.includes('&id=') || url.includes('?id='))
        ? { body: '{"ports":[]}' }
        : undefined;

    const error = await failureOf(look());

    expect(error.code).to.equal('CLOUD_LIST_BROKEN');
    expect(error.message).to.match(/deleted meanwhile; try again/);
    await scene.apply();
    expect(await listing(router)).to.equal(before);
  });

  it('asks for pools, scopes and floating IPs only where policy or NAT model need them', async () => {
    await open();
    const kinds = (): ReadonlySet<string> =>
      new Set(
        scene.server.requests.map(
          ({ url }) => /v2\.0\/(?<kind>[\w-]+)/.exec(url)?.groups?.['kind'] ?? '',
        ),
      );
    await scene.withDeps(true, async ({ client, config }) =>
      readSnapshot({
        client,
        policy: config.policy,
        natModel: 'ovn',
        signal: new AbortController().signal,
      }),
    );

    const asked = kinds();

    expect([...asked].filter((kind) => kind !== '').toSorted()).to.deep.equal([
      'networks',
      'ports',
      'routers',
      'subnets',
    ]);
  });
});
