/** The embedded cloud over HTTP: login, catalog, visibility, error shapes, and the faults that tests inject. */
import { request as rawRequest } from 'node:http';
import { expect } from 'chai';
import {
  type CloudServer,
  type Fault,
  type ServeOptions,
  startCloud,
} from '../../src/demo/cloud.ts';
import type { User } from '../../src/demo/identity.ts';
import { type Cloud, createCloud } from '../../src/demo/model.ts';

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

const UNAUTHORIZED = {
  error: {
    code: 401,
    message: 'The request you have made requires authentication.',
    title: 'Unauthorized',
  },
};

async function call(url: string, options: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, options);
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  const json = (isJson ? JSON.parse(text) : {}) as Json;
  return { status: response.status, headers: response.headers, text, json };
}

function passwordOf(user: User): Json {
  const domain = { name: 'Default' };
  return { user: { name: user.name, domain, password: user.password } };
}

function authOf(user: User): Json {
  const project = { name: user.project.name, domain: { id: 'default' } };
  const identity = { methods: ['password'], password: passwordOf(user) };
  return { identity, scope: { project } };
}

async function login(server: CloudServer, auth: Json): Promise<Answer> {
  return call(`${server.authUrl}/auth/tokens`, { method: 'POST', body: JSON.stringify({ auth }) });
}

async function tokenOf(server: CloudServer, user: User): Promise<string> {
  return (await login(server, authOf(user))).headers.get('x-subject-token') ?? '';
}

async function get(server: CloudServer, user: User, path: string): Promise<Answer> {
  const headers = { 'X-Auth-Token': await tokenOf(server, user) };
  return call(`${server.url}/networking/v2.0/${path}`, { headers });
}

function namesIn({ json }: Answer, key: string): readonly string[] {
  return (json[key] as readonly Json[]).map(({ name }) => String(name)).toSorted();
}

/** One project with a routed subnet, and a member of it. */
function createScene(): { cloud: Cloud; member: User; routerId: string } {
  const cloud = createCloud();
  const network = cloud.addExternalNetwork('public');
  cloud.addSubnet({ network, cidr: '203.0.113.0/24', name: 'outside' });
  const project = cloud.addProject('blue');
  const member = cloud.identity.addUser({
    name: 'bob',
    password: 'pw',
    project,
    roles: ['member'],
  });
  const other = cloud.addProject('green');
  for (const owner of [project, other]) {
    const inside = cloud.addNetwork({ name: `net-${owner.name}`, project: owner });
    const subnet = cloud.addSubnet({
      network: inside,
      cidr: '10.10.1.0/24',
      name: `sub-${owner.name}`,
    });
    const router = cloud.addRouter({ name: `router-${owner.name}`, project: owner });
    cloud.setGateway(router, { network, enableSnat: false });
    cloud.addInterface(router, subnet);
  }
  const routerId = cloud.list('routers').find(({ name }) => name === 'router-green')?.id ?? '';
  return { cloud, member, routerId };
}

describe('startCloud', () => {
  const opened: CloudServer[] = [];
  async function serve(cloud: Cloud, options: ServeOptions = {}): Promise<CloudServer> {
    const server = await startCloud(cloud, options);
    opened.push(server);
    return server;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((server) => server.close()));
  });

  it('logs in by password and tells project, roles, lifetime and catalog', async () => {
    const { cloud } = createScene();
    const now = new Date('2026-01-01T00:00:00Z');
    const server = await serve(cloud, { now: () => now, tokenSeconds: 60 });

    const answer = await login(server, authOf(cloud.identity.admin));

    const token = answer.json['token'] as Json;
    expect(answer.status).to.equal(201);
    expect(answer.headers.get('x-openstack-request-id')).to.match(/^req-[0-9a-f-]{36}$/);
    expect(token).to.include({ expires_at: '2026-01-01T00:01:00.000000Z' });
    expect(token['project']).to.include({ name: 'admin' });
    expect(JSON.stringify(token['catalog'])).to.include(`"url":"${server.url}/networking"`);
  });

  it('gives OS_* variables that name its address, user and project', async () => {
    const { cloud, member } = createScene();
    const server = await serve(cloud);

    expect(server.env).to.include({ OS_AUTH_URL: server.authUrl, OS_USERNAME: 'admin' });
    expect(server.envOf(member)).to.include({ OS_USERNAME: 'bob', OS_PROJECT_NAME: 'blue' });
  });

  it('takes tokens, application credentials, and wide scopes of an admin', async () => {
    const { cloud, member } = createScene();
    const server = await serve(cloud);
    const { admin } = cloud.identity;
    const credential = cloud.identity.addApplicationCredential(member, 'robot', 's3');
    const { id } = credential;
    const user = { name: 'bob', domain: { name: 'Default' } };
    const application = (given: Json): Json => ({
      identity: { methods: ['application_credential'], application_credential: given },
    });
    const scoped = (who: User, scope: Json): Json => ({ ...authOf(who), scope });
    const token = { id: await tokenOf(server, member) };

    const statuses = await Promise.all(
      [
        { identity: { methods: ['token'], token } },
        application({ id, secret: 's3' }),
        application({ name: 'robot', secret: 's3', user }),
        scoped(admin, { system: { all: true } }),
        scoped(admin, { domain: { id: 'default' } }),
        application({ id, secret: 'wrong' }),
        application({ name: 'robot', secret: 's3' }),
        scoped(member, { system: { all: true } }),
        scoped(member, { project: { name: 'green', domain: { id: 'default' } } }),
        scoped(member, { project: { name: 'blue', domain: { id: 'elsewhere' } } }),
      ].map(async (auth) => (await login(server, auth)).status),
    );

    expect(statuses).to.deep.equal([201, 201, 201, 201, 201, 401, 401, 401, 401, 401]);
  });

  it('answers a wrong password, no token and a bad token with the same 401', async () => {
    const { cloud } = createScene();
    const server = await serve(cloud);
    const url = `${server.url}/networking/v2.0/routers`;

    const answers = await Promise.all([
      login(server, authOf({ ...cloud.identity.admin, password: 'wrong' })),
      call(url),
      call(url, { headers: { 'X-Auth-Token': 'nonsense' } }),
    ]);

    for (const { status, json, headers } of answers) {
      expect(status).to.equal(401);
      expect(json).to.deep.equal(UNAUTHORIZED);
      expect(headers.get('www-authenticate')).to.include('Keystone uri=');
    }
  });

  it('refuses an authentication request that is none', async () => {
    const server = await serve(createCloud());

    const bodies = ['', 'not json', '{}', '{"auth":{"identity":{"methods":[]}}}'];
    const answers = await Promise.all(
      bodies.map((body) => call(`${server.authUrl}/auth/tokens`, { method: 'POST', body })),
    );

    expect(answers.map(({ status }) => status)).to.deep.equal([400, 400, 400, 400]);
  });

  it('stops taking tokens that expired or were revoked', async () => {
    const { cloud } = createScene();
    let now = 0;
    const server = await serve(cloud, { now: () => new Date(now), tokenSeconds: 60 });
    const headers = { 'X-Auth-Token': await tokenOf(server, cloud.identity.admin) };
    const ask = async (): Promise<number> =>
      (await call(`${server.url}/networking/v2.0/routers`, { headers })).status;

    const fresh = await ask();
    now = 60_000;
    const expired = await ask();
    now = 0;
    server.revokeTokens();

    expect([fresh, expired, await ask()]).to.deep.equal([200, 401, 401]);
  });

  it('shows an admin everything and a member only its own, without an error', async () => {
    const { cloud, member } = createScene();
    const server = await serve(cloud);
    const { admin } = cloud.identity;
    const gateways = 'ports?device_owner=network:router_gateway';

    expect(namesIn(await get(server, admin, 'routers'), 'routers')).to.have.length(2);
    expect((await get(server, admin, gateways)).json['ports']).to.have.length(2);
    expect(namesIn(await get(server, member, 'routers'), 'routers')).to.deep.equal(['router-blue']);
    expect(namesIn(await get(server, member, 'subnets'), 'subnets')).to.deep.equal(['sub-blue']);
    expect(namesIn(await get(server, member, 'networks'), 'networks')).to.deep.equal([
      'net-blue',
      'public',
    ]);
    expect((await get(server, member, gateways)).json['ports']).to.deep.equal([]);
    expect((await get(server, member, 'agents')).json['agents']).to.deep.equal([]);
  });

  it('narrows the view of a token in use when its user loses the role admin', async () => {
    const { cloud } = createScene();
    const server = await serve(cloud);
    const headers = { 'X-Auth-Token': await tokenOf(server, cloud.identity.admin) };

    cloud.identity.setRoles(cloud.identity.admin, ['member']);

    const answer = await call(`${server.url}/networking/v2.0/routers`, { headers });
    expect(answer.status).to.equal(200);
    expect(answer.json['routers']).to.deep.equal([]);
  });

  it('shows the owner of an external network all ports on it, and hides bindings and providers', async () => {
    const { cloud } = createScene();
    const server = await serve(cloud);
    cloud.identity.setRoles(cloud.identity.admin, ['reader']);

    const ports = await get(server, cloud.identity.admin, 'ports');
    const networks = await get(server, cloud.identity.admin, 'networks');

    expect(ports.json['ports']).to.have.length(2);
    expect(ports.text).to.include('binding:vnic_type').and.not.include('binding:host_id');
    expect(networks.text).to.include('router:external').and.not.include('provider:');
  });

  it('gets one object by its id, and 404 for a missing one and for another project’s', async () => {
    const { cloud, member, routerId } = createScene();
    const server = await serve(cloud);

    const found = await get(server, cloud.identity.admin, `routers/${routerId}?fields=name`);
    const foreign = await get(server, member, `routers/${routerId}`);
    const noPath = await get(server, member, 'nonsense');

    expect(found.json).to.deep.equal({ router: { name: 'router-green' } });
    expect(foreign.status).to.equal(404);
    expect(foreign.json).to.deep.equal({
      NeutronError: {
        type: 'RouterNotFound',
        message: `Router ${routerId} could not be found`,
        detail: '',
      },
    });
    expect(noPath.json['NeutronError']).to.include({ type: 'HTTPNotFound' });
  });

  it('is read-only over HTTP', async () => {
    const { cloud, routerId } = createScene();
    const server = await serve(cloud);
    const headers = { 'X-Auth-Token': await tokenOf(server, cloud.identity.admin) };
    const url = `${server.url}/networking/v2.0/routers/${routerId}`;

    const answer = await call(url, { method: 'DELETE', headers });

    expect(answer.status).to.equal(403);
    expect(answer.json['NeutronError']).to.include({ type: 'PolicyNotAuthorized' });
    expect(cloud.list('routers')).to.have.length(2);
  });

  it('answers a URL over 8 kB with 414 and nothing else', async () => {
    const { cloud } = createScene();
    const server = await serve(cloud);

    const answer = await get(server, cloud.identity.admin, `ports?${'id=0123456789&'.repeat(600)}`);

    expect(answer.status).to.equal(414);
    expect(answer.text).to.equal('');
    expect(answer.headers.has('content-type')).to.equal(false);
  });

  it('forces pages with absolute links', async () => {
    const { cloud } = createScene();
    const server = await serve(cloud, { maxPageSize: 1 });

    const { json } = await get(server, cloud.identity.admin, 'routers');

    const [next] = json['routers_links'] as readonly Json[];
    expect(json['routers']).to.have.length(1);
    expect(next?.['href']).to.match(
      new RegExp(`^${server.url}/networking/v2.0/routers\\?marker=[0-9a-f-]{36}$`),
    );
  });

  for (const { natModel, agent, alias } of [
    { natModel: 'ovn', agent: 'OVN Controller Gateway agent', alias: 'dns-integration' },
    { natModel: 'ovs', agent: 'L3 agent', alias: 'l3_agent_scheduler' },
  ] as const) {
    it(`shows ML2/${natModel.toUpperCase()} by its agents and extensions`, async () => {
      const cloud = createCloud({ natModel, multihoming: true });
      const server = await serve(cloud);
      const { admin } = cloud.identity;

      const agents = await get(server, admin, 'agents?fields=agent_type');
      const extensions = await get(server, admin, 'extensions');

      expect(agents.json['agents']).to.deep.equal([{ agent_type: agent }]);
      expect(namesIn(extensions, 'extensions')).to.include.members([
        alias,
        'external-gateway-multihoming',
      ]);
    });
  }

  it('tells its versions without a token', async () => {
    const server = await serve(createCloud());

    expect((await call(`${server.url}/networking/`)).text).to.include('"v2.0"');
    expect((await call(server.authUrl)).text).to.include('"v3.14"');
    expect((await call(`${server.url}/identity`)).status).to.equal(300);
    expect((await call(`${server.authUrl}/users`)).status).to.equal(404);
  });

  it('logs every request', async () => {
    const { cloud } = createScene();
    const server = await serve(cloud);

    await get(server, cloud.identity.admin, 'routers?fields=id');

    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      'POST /identity/v3/auth/tokens',
      'GET /networking/v2.0/routers?fields=id',
    ]);
  });

  describe('onRequest', () => {
    async function askBroken(fault: Fault): Promise<Answer> {
      const { cloud } = createScene();
      const server = await serve(cloud, {
        onRequest: ({ url }) => (url.includes('/routers') ? fault : undefined),
      });
      return get(server, cloud.identity.admin, 'routers?fields=name');
    }

    it('replaces status, headers and body', async () => {
      const body = '<html>503 Service Unavailable</html>';
      const headers = { 'Content-Type': 'text/html', 'Retry-After': '7' };

      const answer = await askBroken({ status: 503, headers, body });

      expect(answer).to.include({ status: 503, text: body });
      expect(answer.headers.get('retry-after')).to.equal('7');
      expect(answer.headers.get('x-openstack-request-id')).to.match(/^req-/);
    });

    it('rewrites the true body', async () => {
      const answer = await askBroken({ body: (body) => body.replace('router-blue', 'stranger') });

      expect(namesIn(answer, 'routers')).to.deep.equal(['router-green', 'stranger']);
    });

    for (const [name, fault] of [
      ['cuts the body off', { truncateAt: 10 }],
      ['cuts the connection', { destroy: true }],
    ] as const) {
      it(name, async () => {
        const failure: unknown = await askBroken(fault).catch((error: unknown) => error);

        expect(failure).to.be.instanceOf(TypeError);
      });
    }

    it('shows its own failure in the answer', async () => {
      const server = await serve(createCloud(), {
        onRequest: () => {
          throw new Error('broken hook');
        },
      });

      const answer = await call(server.authUrl);

      expect(answer.status).to.equal(500);
      expect(answer.text).to.include('broken hook');
    });

    it('hangs until the client gives up or the server closes', async () => {
      const server = await serve(createCloud(), { onRequest: () => ({ delayMs: Infinity }) });
      const ended = new Promise<string>((resolve) => {
        const request = rawRequest(server.authUrl, () => resolve('answered'));
        request.on('error', () => resolve('cut')).end();
      });
      while (server.requests.length === 0) {
        await new Promise(setImmediate);
      }

      await server.close();

      expect(await ended).to.equal('cut');
    });
  });
});
