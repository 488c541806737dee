import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { CloudConfig } from '../../src/openstack-client-lite/index.ts';
import {
  type CloudErrorCode,
  isCloudConfigError,
  loadCloudConfig,
  OpenStackError,
  Secret,
} from '../../src/openstack-client-lite/index.ts';

type Env = Record<string, string>;

const PACKSTACK: Env = {
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'pw',
  OS_REGION_NAME: 'RegionOne',
  OS_AUTH_URL: 'http://192.0.2.5:5000/v3',
  OS_PROJECT_NAME: 'admin',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
  OS_IDENTITY_API_VERSION: '3',
};

const DEVSTACK: Env = {
  OS_PROJECT_NAME: 'admin',
  OS_TENANT_NAME: 'admin',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'pw',
  OS_REGION_NAME: 'RegionOne',
  OS_IDENTITY_API_VERSION: '3',
  OS_AUTH_TYPE: 'password',
  OS_AUTH_URL: 'http://192.0.2.6/identity',
  OS_USER_DOMAIN_ID: 'default',
  OS_PROJECT_DOMAIN_ID: 'default',
  OS_VOLUME_API_VERSION: '3',
  OS_CACERT: '',
};

const KOLLA: Env = {
  OS_PROJECT_DOMAIN_NAME: 'Default',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_NAME: 'admin',
  OS_TENANT_NAME: 'admin',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'pw',
  OS_AUTH_URL: 'http://192.0.2.7:5000',
  OS_INTERFACE: 'internal',
  OS_ENDPOINT_TYPE: 'internalURL',
  OS_MANILA_ENDPOINT_TYPE: 'internalURL',
  OS_IDENTITY_API_VERSION: '3',
  OS_REGION_NAME: 'RegionOne',
  OS_AUTH_PLUGIN: 'password',
};

const CLOUDS = `
clouds:
  prod:
    auth: { auth_url: "https://keystone.example:5000/v3/", username: admin, project_name: ops, user_domain_name: People, project_domain_id: d1 }
    region_name: north
    interface: internalURL
    verify: false
    network_endpoint_override: http://192.0.2.9:9696/v2.0
  numeric: { auth: { auth_url: http://192.0.2.1/v3, username: a, project_id: 007, password: 1e5 } }
  vendor: { profile: rackspace, auth: { username: a, password: b } }
`;

describe('loadCloudConfig', () => {
  let home = '';
  let cwd = '';

  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'cloud-config-'));
    cwd = path.join(home, 'work');
    mkdirSync(path.join(home, '.config', 'openstack'), { recursive: true });
    mkdirSync(cwd);
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  function write(name: string, text: string): string {
    const file = path.join(home, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  async function load(env: Env, cloudName?: string): Promise<CloudConfig> {
    return loadCloudConfig({ env, cwd, homeDir: home, siteDir: path.join(home, 'etc'), cloudName });
  }

  async function refusal(env: Env, cloudName?: string): Promise<OpenStackError> {
    const error: unknown = await load(env, cloudName).catch((reason: unknown) => reason);
    if (!(error instanceof OpenStackError)) {
      throw new Error('was not refused');
    }
    expect(isCloudConfigError(error)).to.equal(true);
    expect(error.message).not.to.include('\n');
    return error;
  }

  const rcFiles = [
    {
      name: 'packstack',
      env: PACKSTACK,
      authUrl: 'http://192.0.2.5:5000/v3',
      domain: { name: 'Default' },
      kind: 'public',
    },
    {
      name: 'devstack',
      env: DEVSTACK,
      authUrl: 'http://192.0.2.6/identity/v3',
      domain: { id: 'default' },
      kind: 'public',
    },
    {
      name: 'kolla',
      env: KOLLA,
      authUrl: 'http://192.0.2.7:5000/v3',
      domain: { name: 'Default' },
      kind: 'internal',
    },
  ] as const;

  for (const { name, env, authUrl, domain, kind } of rcFiles) {
    it(`takes the variables of an openrc file of ${name}`, async () => {
      const config = await load(env);

      expect(config).to.deep.include({ authUrl, region: 'RegionOne', interface: kind });
      expect(config.scope).to.deep.equal({ kind: 'project', project: { name: 'admin', domain } });
      expect(config.credentials).to.deep.include({
        kind: 'password',
        user: { name: 'admin', domain },
      });
      expect((await config.readSecret()).reveal()).to.equal('pw');
      expect(config.tls).to.deep.equal({
        ca: undefined,
        cert: undefined,
        key: undefined,
        isVerified: true,
      });
    });
  }

  it('takes an entry of clouds.yaml with secure.yaml laid over it', async () => {
    write('.config/openstack/clouds.yaml', CLOUDS);
    write('.config/openstack/secure.yaml', 'clouds: { prod: { auth: { password: "s3" } } }');

    const config = await load({ OS_CLOUD: 'prod' });

    expect(config).to.deep.include({
      authUrl: 'https://keystone.example:5000/v3',
      region: 'north',
      interface: 'internal',
      networkEndpoint: 'http://192.0.2.9:9696/v2.0',
      scope: { kind: 'project', project: { name: 'ops', domain: { id: 'd1' } } },
    });
    expect(config.tls.isVerified).to.equal(false);
    expect((await config.readSecret()).reveal()).to.equal('s3');
  });

  it('takes numbers in clouds.yaml as they are written', async () => {
    write('work/clouds.yml', CLOUDS);

    const config = await load({}, 'numeric');

    expect((await config.readSecret()).reveal()).to.equal('1e5');
    expect(config.scope).to.deep.equal({ kind: 'project', project: { id: '007' } });
  });

  it('prefers the explicit name to OS_CLOUD and OS_CLOUD to the other variables, and mixes nothing', async () => {
    write('work/clouds.yaml', CLOUDS);
    const env = { ...PACKSTACK, OS_CLOUD: 'numeric' };

    const config = await load(env);

    expect(config.authUrl).to.equal('http://192.0.2.1/v3');
    expect(config.region).to.equal(undefined);
    const missing = await refusal(env, 'prod');
    expect(missing.message).to.match(/cloud "prod" of .*clouds\.yaml: auth\.password is missing/v);
  });

  it('uses the only cloud of clouds.yaml when nothing else is said, and asks when there are several', async () => {
    write(
      'work/clouds.yaml',
      'clouds: { one: { auth: { auth_url: http://192.0.2.1, token: t, domain_id: d } } }',
    );
    expect((await load({})).credentials.kind).to.equal('token');

    write('work/clouds.yaml', CLOUDS);
    const error = await refusal({});
    expect(error.code).to.equal('CLOUD_CONFIG_MISSING');
    expect(error.message).to.include('prod, numeric, vendor');
  });

  it('reads the file that OS_CLIENT_CONFIG_FILE names, with ~, and no other', async () => {
    write('other.yaml', CLOUDS);

    const config = await load({ OS_CLIENT_CONFIG_FILE: '~/other.yaml', OS_CLOUD: 'numeric' });

    expect(config.source).to.equal(`cloud "numeric" of ${path.join(home, 'other.yaml')}`);
  });

  const base = { OS_AUTH_URL: 'http://192.0.2.1', OS_USERNAME: 'u', OS_PASSWORD: 'p' };
  const app = { OS_AUTH_URL: 'http://192.0.2.1', OS_APPLICATION_CREDENTIAL_SECRET: 's' };
  const logins: readonly {
    name: string;
    env: Env;
    credentials: object;
    scope: object | undefined;
  }[] = [
    {
      name: 'an application credential by id, guessed',
      env: { ...app, OS_APPLICATION_CREDENTIAL_ID: 'c1' },
      credentials: { kind: 'application-credential', credential: { id: 'c1' } },
      scope: undefined,
    },
    {
      name: 'an application credential by name and user',
      env: {
        ...app,
        OS_AUTH_TYPE: 'v3applicationcredential',
        OS_APPLICATION_CREDENTIAL_NAME: 'n',
        OS_USERNAME: 'u',
        OS_USER_DOMAIN_NAME: 'D',
      },
      credentials: {
        kind: 'application-credential',
        credential: { name: 'n', user: { name: 'u', domain: { name: 'D' } } },
      },
      scope: undefined,
    },
    {
      name: 'a token',
      env: { OS_AUTH_URL: 'http://192.0.2.1', OS_TOKEN: 't', OS_PROJECT_ID: 'p1' },
      credentials: { kind: 'token' },
      scope: { kind: 'project', project: { id: 'p1' } },
    },
    {
      name: 'the system',
      env: { ...base, OS_AUTH_TYPE: 'v3password', OS_SYSTEM_SCOPE: 'all' },
      credentials: { kind: 'password', user: { name: 'u', domain: { id: 'default' } } },
      scope: { kind: 'system' },
    },
    {
      name: 'a domain',
      env: { ...base, OS_USER_ID: 'u1', OS_DOMAIN_NAME: 'D' },
      credentials: { kind: 'password', user: { id: 'u1' } },
      scope: { kind: 'domain', domain: { name: 'D' } },
    },
    {
      name: 'a project whose domain comes from OS_DEFAULT_DOMAIN',
      env: { ...base, OS_TENANT_NAME: 'p', OS_DEFAULT_DOMAIN: 'd9' },
      credentials: { kind: 'password', user: { name: 'u', domain: { id: 'd9' } } },
      scope: { kind: 'project', project: { name: 'p', domain: { id: 'd9' } } },
    },
  ];

  for (const { name, env, credentials, scope } of logins) {
    it(`understands ${name}`, async () => {
      const config = await load(env);

      expect(config.credentials).to.deep.include(credentials);
      expect(config.scope).to.deep.equal(scope);
    });
  }

  const project = { ...base, OS_PROJECT_NAME: 'p' };
  const refusals: readonly { name: string; env: Env; code: CloudErrorCode; says: RegExp }[] = [
    {
      name: 'nothing at all',
      env: {},
      code: 'CLOUD_CONFIG_MISSING',
      says: /openrc.*clouds\.yaml/v,
    },
    {
      name: 'only a region',
      env: { OS_REGION_NAME: 'x' },
      code: 'CLOUD_CONFIG_MISSING',
      says: /OS_AUTH_URL/v,
    },
    {
      name: 'a cloud without any file',
      env: { OS_CLOUD: 'x' },
      code: 'CLOUD_CONFIG_UNKNOWN',
      says: /no cloud named "x".*\/etc\/clouds\.yaml/v,
    },
    {
      name: 'a missing auth URL',
      env: { OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_PROJECT_NAME: 'p' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_\* variables: OS_AUTH_URL is missing/v,
    },
    {
      name: 'an empty password',
      env: { ...project, OS_PASSWORD: '' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_PASSWORD is missing/v,
    },
    {
      name: 'no scope',
      env: base,
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_PROJECT_NAME is missing/v,
    },
    {
      name: 'two scopes',
      env: { ...project, OS_SYSTEM_SCOPE: 'all' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_SYSTEM_SCOPE .*remove one/v,
    },
    {
      name: 'Identity v2.0 in the URL',
      env: { ...project, OS_AUTH_URL: 'http://192.0.2.1:5000/v2.0/' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /v2\.0 is gone/v,
    },
    {
      name: 'Identity version 2',
      env: { ...project, OS_IDENTITY_API_VERSION: '2.0' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /only 3/v,
    },
    {
      name: 'an auth URL that is none',
      env: { ...project, OS_AUTH_URL: '192.0.2.1:5000' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_AUTH_URL is no http/v,
    },
    {
      name: 'a password inside the URL',
      env: { ...project, OS_AUTH_URL: 'http://u:p@192.0.2.1' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /leave them out/v,
    },
    {
      name: 'Kerberos',
      env: { ...project, OS_AUTH_TYPE: 'v3kerberos' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /"v3kerberos".*use one of password/v,
    },
    {
      name: 'an unknown interface',
      env: { ...project, OS_INTERFACE: 'private' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /public, internal or admin/v,
    },
    {
      name: 'OS_INSECURE that is no yes or no',
      env: { ...project, OS_INSECURE: 'maybe' },
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_INSECURE is "maybe"/v,
    },
    {
      name: 'an authority file that is missing',
      env: { ...project, OS_CACERT: '~/none.pem' },
      code: 'CLOUD_CONFIG_UNREADABLE',
      says: /none\.pem \(OS_CACERT.*ENOENT/v,
    },
    {
      name: 'a config file that is missing',
      env: { OS_CLIENT_CONFIG_FILE: 'none.yaml', OS_CLOUD: 'x' },
      code: 'CLOUD_CONFIG_UNREADABLE',
      says: /none\.yaml.*ENOENT/v,
    },
    {
      name: 'an application credential without a name',
      env: app,
      code: 'CLOUD_CONFIG_INVALID',
      says: /OS_APPLICATION_CREDENTIAL_ID is missing/v,
    },
  ];

  for (const { name, env, code, says } of refusals) {
    it(`refuses ${name}`, async () => {
      const error = await refusal(env);

      expect(error.code).to.equal(code);
      expect(error.message).to.match(says);
    });
  }

  it('names the known clouds when the wanted one is not there, and refuses vendor profiles', async () => {
    write('work/clouds.yaml', CLOUDS);

    const unknown = await refusal({}, 'toString');
    const vendor = await refusal({}, 'vendor');

    expect(unknown.code).to.equal('CLOUD_CONFIG_UNKNOWN');
    expect(unknown.message).to.include('prod, numeric, vendor');
    expect(vendor.message).to.match(/profile .*not supported/v);
  });

  it('gives the line of a YAML error without quoting the line', async () => {
    write('work/clouds.yaml', 'clouds:\n  a:\n    auth: { password: hunter2, x: [ }\n');

    const error = await refusal({}, 'a');

    expect(error.code).to.equal('CLOUD_CONFIG_UNREADABLE');
    expect(error.message).to.match(/clouds\.yaml.*line 3/v);
    expect(error.message).not.to.include('hunter2');
  });

  describe('with a secret that is kept elsewhere', () => {
    const secret = {
      description: 'the safe',
      warnings: ['the safe is open'],
      read: async () => new Secret('safe'),
    };
    const { OS_PASSWORD: _, ...nameless } = PACKSTACK;
    const appName = { OS_APPLICATION_CREDENTIAL_NAME: 'n', OS_USERNAME: 'u' };

    for (const { name, env, kind } of [
      { name: 'a user', env: nameless, kind: 'password' },
      { name: 'a user with another password', env: PACKSTACK, kind: 'password' },
      { name: 'a token', env: { ...nameless, OS_AUTH_TYPE: 'token' }, kind: 'token' },
      {
        name: 'an application credential by id',
        env: { OS_AUTH_URL: 'http://192.0.2.1', OS_APPLICATION_CREDENTIAL_ID: 'c1' },
        kind: 'application-credential',
      },
      {
        name: 'an application credential by name',
        env: { OS_AUTH_URL: 'http://192.0.2.1', ...appName },
        kind: 'application-credential',
      },
    ] as const) {
      it(`takes it for ${name}`, async () => {
        const config = await loadCloudConfig({ env, cwd, homeDir: home, secret });

        expect(config.credentials.kind).to.equal(kind);
        expect((await config.readSecret()).reveal()).to.equal('safe');
        expect(config.source).to.equal('the OS_* variables and the safe');
        expect(config.warnings).to.deep.equal(['the safe is open']);
      });
    }
  });

  it('refuses a certificate file without a certificate', async () => {
    const file = write('ca.pem', 'nothing');

    const error = await refusal({ ...project, OS_CACERT: file });

    expect(error.message).to.match(/OS_CACERT holds no PEM certificate/v);
  });
});
