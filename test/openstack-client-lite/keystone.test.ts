import { expect } from 'chai';
import {
  hasCloudCode,
  type OpenStackClient,
  Secret,
  type SecretSource,
} from '../../src/openstack-client-lite/index.ts';
import {
  connect,
  type FakeCloud,
  type FakeCloudOptions,
  openrc,
  PASSWORD,
  recorded,
  recordedList,
  startFakeCloud,
  TOKEN,
  tokenReply,
} from './fake-cloud.ts';

const unauthorized = { status: 401, body: recorded('error-401-bad-token.json') };

describe('createKeystone', () => {
  const opened: { close: () => Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  async function start(options: FakeCloudOptions): Promise<FakeCloud> {
    const cloud = await startFakeCloud(options);
    opened.push(cloud);
    return cloud;
  }

  async function open(...args: Parameters<typeof connect>): Promise<OpenStackClient> {
    const client = await connect(...args);
    opened.push(client);
    return client;
  }

  function logins({ requests }: FakeCloud): number {
    return requests.filter(({ path }) => path === '/v3/auth/tokens').length;
  }

  async function failure(promise: Promise<unknown>): Promise<Error> {
    const error: unknown = await promise.catch((reason: unknown) => reason);
    if (!(error instanceof Error)) {
      throw new Error('did not fail');
    }
    expect(error.message).not.to.include('\n');
    return error;
  }

  it('logs in with the recorded body and tells who we are', async () => {
    const cloud = await start({});
    const client = await open(openrc(cloud.url));

    const info = await client.token();

    expect(info).to.deep.include({
      userName: 'admin',
      roles: ['member', 'reader', 'admin'],
      isSystem: false,
    });
    expect(info.project?.name).to.equal('admin');
    expect(JSON.parse(cloud.requests[0]?.body ?? '')).to.deep.equal({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', domain: { name: 'Default' }, password: PASSWORD } },
        },
        scope: { project: { name: 'admin', domain: { name: 'Default' } } },
      },
    });
    expect(await client.endpoints()).to.deep.equal({
      identity: `${cloud.url}/v3`,
      network: `${cloud.url}/v2.0/`,
      all: [`${cloud.url}/v3`, `${cloud.url}/v2.0/`, cloud.url, 'http://127.0.0.1:5000/v3'],
    });
  });

  const bodies: readonly { name: string; env: Record<string, string>; auth: object }[] = [
    {
      name: 'an application credential without a scope',
      env: { OS_APPLICATION_CREDENTIAL_ID: 'c1', OS_APPLICATION_CREDENTIAL_SECRET: 's' },
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'c1', secret: 's' },
        },
      },
    },
    {
      name: 'a token for the system',
      env: { OS_TOKEN: 't', OS_SYSTEM_SCOPE: 'all' },
      auth: {
        identity: { methods: ['token'], token: { id: 't' } },
        scope: { system: { all: true } },
      },
    },
    {
      name: 'a token for a domain',
      env: { OS_TOKEN: 't', OS_DOMAIN_ID: 'd' },
      auth: {
        identity: { methods: ['token'], token: { id: 't' } },
        scope: { domain: { id: 'd' } },
      },
    },
  ];

  for (const { name, env, auth } of bodies) {
    it(`sends ${name} as Keystone wants it`, async () => {
      const cloud = await start({});
      const client = await open({ OS_AUTH_URL: cloud.url, ...env });

      await client.token();

      expect(JSON.parse(cloud.requests[0]?.body ?? '')).to.deep.equal({ auth });
    });
  }

  it('uses one token for many requests', async () => {
    const cloud = await start({});
    const client = await open(openrc(cloud.url));

    await Promise.all([client.network.list('routers'), client.network.list('ports')]);
    await client.network.list('subnets');

    expect(logins(cloud)).to.equal(1);
    expect(cloud.requests.slice(1).map(({ token }) => token)).to.deep.equal([TOKEN, TOKEN, TOKEN]);
  });

  it('renews the token a minute before its end, whatever Keystone thinks the time is', async () => {
    const cloud = await start({});
    let now = Date.parse('2031-01-01T00:00:00Z');
    const client = await open(openrc(cloud.url), { now: () => now });
    await client.token();

    now += 58 * 60_000;
    await client.token();
    expect(logins(cloud)).to.equal(1);

    now += 61_000;
    await client.token();
    expect(logins(cloud)).to.equal(2);
  });

  it('renews a refused token once, for all who were refused', async () => {
    let refusals = 3;
    const cloud = await start({
      neutron(request) {
        refusals -= 1;
        return refusals >= 0 ? unauthorized : recordedList(request);
      },
    });
    const client = await open(openrc(cloud.url));

    const lists = await Promise.all([
      client.network.list('routers'),
      client.network.list('subnets'),
      client.network.list('networks'),
    ]);

    expect(lists.map(({ length }) => length)).to.deep.equal([10, 15, 13]);
    expect(logins(cloud)).to.equal(2);
  });

  it('fails when a fresh token is refused too', async () => {
    const cloud = await start({ neutron: () => unauthorized });
    const client = await open(openrc(cloud.url));

    const error = await failure(client.network.list('routers'));

    expect(hasCloudCode(error, 'CLOUD_UNAUTHORIZED')).to.equal(true);
    expect(error.message).to.match(/fresh token too/v);
    expect(logins(cloud)).to.equal(2);
  });

  it('logs in once more for all lists together when every token is refused, and no oftener', async () => {
    const cloud = await start({ neutron: () => unauthorized });
    const client = await open(openrc(cloud.url));
    const lists = ['routers', 'ports', 'subnets', 'networks', 'agents'] as const;

    const outcomes = await Promise.allSettled(
      lists.map(async (collection) => client.network.list(collection)),
    );

    expect(outcomes.map(({ status }) => status)).not.to.include('fulfilled');
    expect(logins(cloud)).to.equal(2);
    expect(cloud.requests).to.have.length(2 + 2 * lists.length);
  });

  it('asks for the secret anew for each login, and shows none of them', async () => {
    const secrets = ['first-sentinel', 'second-sentinel'];
    const cloud = await start({
      keystone: ({ body }) =>
        body.includes('first-sentinel')
          ? tokenReply(cloud.url)
          : { status: 401, body: JSON.stringify({ error: { message: body } }) },
    });
    const { OS_PASSWORD: _, ...env } = openrc(cloud.url);
    const secret: SecretSource = {
      description: 'the safe',
      warnings: [],
      read: async () => new Secret(secrets.shift() ?? ''),
    };
    let now = 0;
    const client = await open(env, { now: () => now }, secret);
    await client.token();

    now += 2 * 3_600_000;
    const error = await failure(client.token());

    expect(logins(cloud)).to.equal(2);
    expect(error.message).to.include('check the credentials in the OS_* variables and the safe');
    expect(error.message).not.to.match(/first-sentinel|second-sentinel/v);
  });

  it('makes no request without a secret', async () => {
    const cloud = await start({});
    const { OS_PASSWORD: _, ...env } = openrc(cloud.url);
    const read = async (): Promise<Secret> => Promise.reject(new Error('the safe is shut'));
    const client = await open(env, {}, { description: 'the safe', warnings: [], read });

    expect((await failure(client.token())).message).to.equal('the safe is shut');
    expect(cloud.requests).to.deep.equal([]);
  });

  it('explains a wrong password with user, project and URL', async () => {
    const cloud = await start({
      keystone: () => ({ status: 401, body: recorded('keystone-401-bad-password.json') }),
    });
    const client = await open(openrc(cloud.url));

    const error = await failure(client.token());

    expect(hasCloudCode(error, 'CLOUD_UNAUTHORIZED')).to.equal(true);
    expect(error.message).to.include(
      `Keystone at ${cloud.url}/v3 refuses user admin (domain Default) on project admin`,
    );
    expect(error.message).to.include('request req-1');
  });

  it('tries again after a failed login', async () => {
    let isDown = true;
    const cloud = await start({
      keystone: () => (isDown ? { status: 503, body: '' } : tokenReply(cloud.url)),
    });
    const client = await open(openrc(cloud.url));

    expect(hasCloudCode(await failure(client.token()), 'CLOUD_UNAVAILABLE')).to.equal(true);
    isDown = false;

    expect((await client.token()).userName).to.equal('admin');
  });

  const oddTokens = [
    {
      name: 'an unscoped token',
      changes: { project: undefined, roles: undefined, catalog: undefined },
      code: 'CLOUD_ANSWER_INVALID',
      says: /for no project/v,
    },
    {
      name: 'a token without a catalog',
      changes: { catalog: undefined },
      code: 'CLOUD_ENDPOINT_MISSING',
      says: /lists none/v,
    },
    {
      name: 'a token without an end',
      changes: { expires_at: null },
      code: 'CLOUD_ANSWER_INVALID',
      says: /token\.expires_at/v,
    },
  ] as const;

  for (const { name, changes, code, says } of oddTokens) {
    it(`refuses ${name}`, async () => {
      const cloud = await start({ keystone: () => tokenReply('http://192.0.2.1:9696', changes) });
      const client = await open(openrc(cloud.url));

      const error = await failure(client.network.list('routers'));

      expect(hasCloudCode(error, code)).to.equal(true);
      expect(error.message).to.match(says);
    });
  }

  it('says so when there is no Identity v3 API at the URL', async () => {
    const cloud = await start({ keystone: () => ({ status: 404, body: '<html>Not here</html>' }) });
    const client = await open(openrc(cloud.url));

    const error = await failure(client.token());

    expect(hasCloudCode(error, 'CLOUD_ENDPOINT_MISSING')).to.equal(true);
    expect(error.message).to.match(/no Identity v3 API .*auth_url/v);
  });

  it('lets a caller give up while others wait for the same login', async () => {
    const cloud = await start({});
    const client = await open(openrc(cloud.url));
    const patient = client.token();

    const error = await failure(client.token({ signal: AbortSignal.abort() }));

    expect(hasCloudCode(error, 'CLOUD_CANCELLED')).to.equal(true);
    expect((await patient).userName).to.equal('admin');
  });
});
