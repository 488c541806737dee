/** `route-sync plan` as a process: its formats and exit codes, and that it writes nothing. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

import { listing } from './fake-ip.ts';
import { openScene, type Scene, UPSTREAM } from './scene.ts';
import { WANTED, webAndDatabase } from './small-cloud.ts';

interface PlanJson {
  readonly version: number;
  readonly digest: string;
  readonly snapshot: { readonly complete: boolean; readonly routers: number };
  readonly upstreams: readonly {
    readonly name: string;
    readonly reachable: boolean;
    readonly refused: { readonly code: string } | null;
    readonly changes: readonly { readonly prefix: string; readonly nextHops: readonly string[] }[];
    readonly held: readonly { readonly code: string; readonly until: string | null }[];
  }[];
  readonly verdicts: Readonly<Record<string, number>>;
  readonly candidates?: readonly {
    readonly prefix: string;
    readonly leg: string | null;
    readonly verdict: string;
    readonly checks: readonly { readonly code: string; readonly passed: boolean }[];
  }[];
}

describe('route-sync plan', function suite() {
  this.timeout(60_000);
  let scene: Scene;
  let small: ReturnType<typeof webAndDatabase>;

  beforeEach(async () => {
    small = webAndDatabase();
    scene = await openScene(small.cloud);
  });

  afterEach(async () => {
    await scene.close();
  });

  async function planJson(args: readonly string[] = [], exitCode = 0): Promise<PlanJson> {
    const run = await scene.run(['plan', '--output', 'json', ...args]);
    expect(run.exitCode, run.stderr).to.equal(exitCode);
    return JSON.parse(run.stdout) as PlanJson;
  }

  async function routes(): Promise<string> {
    const router = scene.ip.routers.get('edge1');
    return router === undefined ? '' : listing(router);
  }

  it('writes nothing at all: no state, no lock, no change, no file', async () => {
    const before = await routes();

    await planJson();

    expect(scene.ip.writes).to.deep.equal([]);
    expect(await routes()).to.equal(before);
    expect(existsSync(scene.stateDir)).to.equal(false);
    expect(readdirSync(path.join(scene.folder, 'run'))).to.deep.equal([]);
    expect(readdirSync(scene.folder).toSorted()).to.deep.equal(['bin', 'route-sync.yaml', 'run']);
  });

  it('shows every change with its next hops, verdict counts and a digest as JSON', async () => {
    const plan = await planJson();

    const changes = plan.upstreams[0]?.changes ?? [];
    expect(plan.version).to.equal(1);
    expect(plan.snapshot).to.include({ complete: true, routers: 2 });
    expect(
      Object.fromEntries(changes.map(({ prefix, nextHops }) => [prefix, nextHops.join()])),
    ).to.deep.equal(WANTED);
    expect(plan.verdicts).to.deep.equal({ eligible: 3 });
    expect(plan).not.to.have.property('candidates');
  });

  it('gives the same digest for the same input, and another one for another', async () => {
    const first = await planJson();
    const second = await planJson();
    small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');
    const third = await planJson();

    expect(second.digest)
      .to.equal(first.digest)
      .and.match(/^sha256:[0-9a-f]{64}$/);
    expect(third.digest).not.to.equal(first.digest);
  });

  it('adds every candidate with its checks when verbose', async () => {
    small.cloud.setGateway(small.database.router, { network: small.external, enableSnat: true });

    const { candidates = [], verdicts } = await planJson(['--verbose']);

    expect(verdicts).to.deep.equal({ eligible: 2, snat: 1 });
    const snat = candidates.find(({ verdict }) => verdict === 'snat');
    expect(snat).to.include({ prefix: '198.51.100.32/27', leg: 'gateway' });
    expect(snat?.checks.filter(({ passed }) => !passed).map(({ code }) => code)).to.deep.equal([
      'snat',
    ]);
  });

  it('prints one line a change and a summary for people, without colour into a pipe', async () => {
    const { exitCode, stdout, stderr } = await scene.run(['plan']);

    expect(exitCode).to.equal(0);
    expect(stdout).to.match(
      /^ {2}\+ 198\.51\.100\.0\/27 +via 203\.0\.113\.10 +router \S+ subnet \S+$/m,
    );
    expect(stdout).to.match(/^ {2}Plan: 3 to add, 0 to replace, 0 to remove; 0 unchanged\.$/m);
    expect(stdout).not.to.contain('\u{1b}');
    expect(stderr).to.equal('');
  });

  it('prints tables as Markdown', async () => {
    const { stdout } = await scene.run(['plan', '--output', 'markdown']);

    expect(stdout).to.match(/^\| add \| 198\.51\.100\.0\/27 \| via 203\.0\.113\.10 \| router /m);
    expect(stdout).to.match(/^Digest: `sha256:/m);
  });

  it('ends with 2 only where changes are pending and the exit code shall tell', async () => {
    const pending = await scene.run(['plan', '--detailed-exitcode']);
    await scene.run(['apply']);
    const inSync = await scene.run(['plan', '--detailed-exitcode']);

    expect([pending.exitCode, inSync.exitCode]).to.deep.equal([2, 0]);
  });

  it('ends with 3 when the guard refuses, and shows with --force what would happen', async () => {
    await scene.configure({ guard: { maxRemovals: { free: 0 } } });
    await scene.run(['apply']);
    small.cloud.removeInterface(small.web.router, small.web.subnet);

    const refused = await scene.run(['plan']);
    const forced = await planJson(['--force', '--detailed-exitcode'], 2);

    expect(refused.exitCode).to.equal(3);
    expect(refused.stdout).to.contain('Refused, GUARD_REMOVALS: 1 removals of 3 routes on edge1');
    expect(refused.stderr).to.match(
      /^route-sync: edge1: 1 removals .*--force \(GUARD_REMOVALS\)\n$/,
    );
    expect(forced.upstreams[0]?.changes).to.have.length(1);
  });

  it('tells until when a removal is held', async () => {
    await scene.configure({ removal: { snapshots: 2, graceSeconds: 60 } });
    await scene.run(['apply']);
    small.cloud.removeInterface(small.web.router, small.web.subnet);

    const { upstreams } = await planJson();

    expect(upstreams[0]?.held[0]).to.include({ code: 'grace' });
    expect(upstreams[0]?.held[0]?.until).to.match(/^\d{4}-\d\d-\d\dT/);
  });

  it('ends with 4 when one of two upstreams is gone, and plans the one that --upstream names', async () => {
    await scene.configure({
      upstreams: [UPSTREAM, { ...UPSTREAM, name: 'edge2', via: { netns: 'gone' } }],
    });

    const both = await planJson([], 4);
    const one = await planJson(['--upstream', 'edge1']);

    expect(both.upstreams.map(({ reachable }) => reachable)).to.deep.equal([true, false]);
    expect(one.upstreams.map(({ name }) => name)).to.deep.equal(['edge1']);
  });

  for (const { args, line } of [
    {
      args: ['plan', '--ouput', 'json'],
      line: /^error: unknown option '--ouput'\n\(Did you mean --output/,
    },
    { args: ['paln'], line: /^error: unknown command 'paln'\n\(Did you mean plan/ },
    {
      args: ['plan', '--output', 'yaml'],
      line: /argument 'yaml' is invalid. Allowed choices are text/,
    },
    {
      args: ['plan', '--upstream', 'edge9'],
      line: /^route-sync: --upstream edge9: .*\(it has edge1\)/,
    },
    { args: [], line: /^Usage: route-sync / },
  ]) {
    it(`ends with 64 for "${['route-sync', ...args].join(' ')}"`, async () => {
      const { exitCode, stderr } = await scene.run(args);

      expect(exitCode).to.equal(64);
      expect(stderr).to.match(line);
    });
  }

  it('prints everything into a pipe, however slow its reader and large the plan', async () => {
    const { cloud, project, web } = small;
    for (let index = 0; index < 250; index += 1) {
      const network = cloud.addNetwork({ name: `many-${index}`, project });
      const cidr = `2001:db8:b:${(index + 1).toString(16)}::/64`;
      cloud.addInterface(web.router, cloud.addSubnet({ network, cidr }));
    }

    const { stdout, exitCode } = await scene.start(['plan', '--verbose', '--output', 'json']).ended;

    expect(exitCode).to.equal(0);
    expect(stdout.length).to.be.greaterThan(400_000);
    expect((JSON.parse(stdout) as PlanJson).candidates).to.have.lengthOf(253);
  });
});
