import { expect } from 'chai';

import type { InterfaceAddress } from '../../src/core/route.ts';
import { deviceDriver } from '../../src/drivers/kit/device-driver.ts';
import type { DeviceSpec } from '../../src/drivers/kit/device-spec.ts';
import type { CommandOutput, DeviceScope } from '../../src/drivers/driver.ts';
import { lines, say, scriptOf } from '../../src/drivers/kit/script.ts';
import type { SessionDefinition } from '../../src/drivers/session.ts';
import type { StaticPath } from '../../src/drivers/static-path.ts';
import { prefixAt, parseAddress } from '../../src/core/prefix.ts';
import { add, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 7, name: 'route-sync-test' },
  dialect: undefined,
  confirmSeconds: undefined,
};

const SESSION: SessionDefinition = {
  prompt: /^r#$/,
  toPrompt: lines('end'),
  setup: [],
  failures: [/^%/],
  busy: [/locked/],
  pager: /--More--/,
  chatter: [],
  redact: [],
  window: 1,
  lineLength: 100,
};

const PATH: StaticPath = {
  vrf: null,
  prefix: '10.1.0.0/24',
  nextHop: '192.0.2.2',
  interface: null,
  distance: null,
  tag: 7,
  name: null,
  description: null,
  discard: false,
};

/** Its answers are JSON, so that tests can say what the router holds. */
const SPEC: DeviceSpec = {
  os: 'test-os',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'candidate',
    chunk: 2,
    nextHops: 4,
  },
  session: SESSION,
  defaultDistance: 1,
  routeQuestions: () => [say('show routes')],
  addressQuestions: () => [say('show addresses')],
  readPaths: (text) => JSON.parse(text) as StaticPath[],
  readAddresses: (text) => JSON.parse(text) as InterfaceAddress[],
  isOurs: ({ tag }, mark) => tag === mark.tag,
  render: (_, edits) => [
    {
      changes: edits.map(({ change }) => change),
      command: scriptOf({ enter: [], commit: [], abort: [], atomic: true }, edits, (edit) => ({
        makes: edit.make.map(({ address }) => `route ${edit.prefix.text} ${address}`),
        breaks: edit.drop.map(({ address }) => `no route ${edit.prefix.text} ${address}`),
      })),
    },
  ],
  refusals: [{ words: /no such vrf/, code: 'UPSTREAM_TABLE_UNKNOWN', hint: 'make the VRF' }],
  notPermitted: /not authorized/,
  probe: () => say('configure'),
};

const driver = deviceDriver(SPEC);

function answers(paths: readonly Partial<StaticPath>[]): readonly CommandOutput[] {
  const address = parseAddress('192.0.2.1');
  const networks = [{ address, network: prefixAt(address, 24) }];
  return [paths.map((path) => ({ ...PATH, ...path })), networks].map((value) => ({
    stdout: JSON.stringify(value),
    stderr: '',
    exitCode: 0,
  }));
}

describe('deviceDriver', () => {
  it('asks for routes, then for addresses', () => {
    expect(driver.gather(SCOPE)).to.deep.equal([say('show routes'), say('show addresses')]);
  });

  it('makes one route of the paths of a prefix, ours and foreign apart', () => {
    const { routes, addresses } = driver.parse(
      SCOPE,
      answers([
        { nextHop: '192.0.2.3' },
        {},
        { tag: 8, distance: 20, name: 'other', interface: 'eth1', nextHop: '192.0.2.4' },
      ]),
    );

    expect(addresses.map(({ network }) => network.text)).to.deep.equal(['192.0.2.0/24']);
    expect(
      routes.map(({ owned, nextHops, description }) => ({ owned, nextHops, description })),
    ).to.deep.equal([
      {
        owned: true,
        nextHops: [{ address: '192.0.2.2' }, { address: '192.0.2.3' }],
        description: 'tag 7',
      },
      {
        owned: false,
        nextHops: [{ address: '192.0.2.4', device: 'eth1', distance: 20 }],
        description: 'interface eth1 distance 20 tag 8 name other',
      },
    ]);
  });

  it('reads only the VRF of the scope', () => {
    const paths = [{ vrf: 'red' }, { prefix: '10.2.0.0/24' }];

    const global = driver.parse(SCOPE, answers(paths)).routes;
    const red = driver.parse({ ...SCOPE, vrf: 'red' }, answers(paths)).routes;

    expect(global.map(({ prefix }) => prefix.text)).to.deep.equal(['10.2.0.0/24']);
    expect(red.map(({ prefix }) => prefix.text)).to.deep.equal(['10.1.0.0/24']);
  });

  for (const [what, path, scope, differs] of [
    ['the distance of the OS, written or not', { distance: 1 }, {}, undefined],
    ['another distance', { distance: 9 }, {}, true],
    ['the wanted distance', { distance: 9 }, { distance: 9 }, undefined],
    ['no distance where one is wanted', {}, { distance: 9 }, true],
    ['a switched-off path', { disabled: true as const }, {}, true],
  ] as const) {
    it(`sees that a route of ours with ${what} ${differs === true ? 'differs' : 'is right'}`, () => {
      const [route] = driver.parse({ ...SCOPE, ...scope }, answers([path])).routes;

      expect(route?.differs).to.equal(differs);
    });
  }

  it('knows what discards, and what has nothing to tell', () => {
    const [discard, bare] = driver.parse(
      SCOPE,
      answers([
        { discard: true, nextHop: null, tag: null },
        { prefix: '10.2.0.0/24', tag: null, disabled: true },
        { prefix: '10.3.0.0/24', tag: null },
      ]),
    ).routes;

    expect(discard).to.include({ discards: true, description: 'discard', owned: false });
    expect(bare?.description).to.equal('disabled');
  });

  it('calls a route without attributes static', () => {
    const [route] = driver.parse(SCOPE, answers([{ tag: null }])).routes;

    expect(route?.description).to.equal('static');
  });

  for (const [text, code, retryable] of [
    ['% not authorized', 'UPSTREAM_NOT_PERMITTED', false],
    ['% locked by bob', 'UPSTREAM_BUSY', true],
    ['% what?', 'UPSTREAM_COMMAND_FAILED', false],
  ] as const) {
    it(`never makes a smaller state of an answer such as "${text}"`, () => {
      const [first, second] = answers([]);
      const refused = {
        stdout: text,
        stderr: '',
        exitCode: 1,
        answers: [{ line: 'show routes', text, refused: true }],
      };

      const error = thrown(() => driver.parse(SCOPE, [refused, second ?? refused]));

      expect(first?.exitCode).to.equal(0);
      expect(error.code).to.equal(code);
      expect(error.retryable).to.equal(retryable);
      expect(error.message).to.contain(`says "${text}" to "show routes"`);
    });
  }

  it('fails where a program fails without a word', () => {
    const error = thrown(() => driver.probed(SCOPE, { stdout: '', stderr: '', exitCode: 1 }));

    expect(error.message).to.equal('the upstream says "nothing"');
  });

  it('renders in chunks of its size', () => {
    const changes = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'].map((prefix) =>
      add(prefix, '192.0.2.2'),
    );

    const chunks = driver.render(SCOPE, changes, { routes: [], addresses: [] });

    expect(chunks.map((chunk) => chunk.changes.length)).to.deep.equal([2, 1]);
  });

  it('names the line, the words and what to do for a refused change', () => {
    const change = add('10.1.0.0/24', '192.0.2.2');

    const known = driver.refusal(change, { line: 'route x', text: '% no such vrf', refused: true });
    const unknown = driver.refusal(change, { line: 'route x', text: '% odd', refused: true });

    expect(known.code).to.equal('UPSTREAM_TABLE_UNKNOWN');
    expect(known.message).to.equal(
      'add 10.1.0.0/24: the upstream says "% no such vrf" to "route x"; make the VRF',
    );
    expect(unknown.code).to.equal('ROUTE_REJECTED');
  });

  it('has no rejections of its own for a program that failed as a whole', () => {
    const chunk = { changes: [], command: { argv: ['x'] } } as const;

    expect(driver.rejections(chunk, { stdout: '', stderr: '', exitCode: 0 })).to.deep.equal([]);
    expect(
      thrown(() => driver.rejections(chunk, { stdout: '', stderr: 'no', exitCode: 2 })).code,
    ).to.equal('UPSTREAM_COMMAND_FAILED');
  });

  for (const [change, words] of [
    [add('2001:db8::/64', 'fe80::1'), /next hop fe80::1 is link-local/],
    [
      add('10.1.0.0/24', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', '192.0.2.6'),
      /5 next hops are more than the 4/,
    ],
    [add('2001:db8::/64', 'fe80::1%eth 1;'), /cannot be used as a interface/],
    [remove('10.1.0.0/24', '192.0.2.2%a b'), /cannot be used as a interface/],
  ] as const) {
    it(`does not render what matches ${words.source}`, () => {
      expect(driver.unsupported(change)?.message).to.match(words);
    });
  }

  it('renders what no limit speaks against', () => {
    const change = replace('10.1.0.0/24', ['192.0.2.2%GigabitEthernet0/0/0.100'], ['192.0.2.3']);

    expect(driver.unsupported(change)).to.equal(undefined);
  });

  it('saves and compares only where the OS keeps two configurations', () => {
    const two = deviceDriver({
      ...SPEC,
      save: () => say('save'),
      savedQuestions: () => [say('show saved')],
    });

    expect([driver.save(SCOPE), driver.gatherSaved(SCOPE)]).to.deep.equal([undefined, undefined]);
    expect(two.save(SCOPE)).to.deep.equal(say('save'));
    expect(two.gatherSaved(SCOPE)).to.deep.equal([say('show saved'), say('show addresses')]);
  });

  it('takes no route over, and says so', () => {
    const strangers = driver.strangersAt(SCOPE, answers([{ tag: null }]), new Set(['10.1.0.0/24']));

    expect(strangers.map(({ obstacle }) => obstacle)).to.deep.equal([
      'is on a router with test-os, where route-sync takes no route over: remove it there, and ours is added in the next cycle',
    ]);
    expect([driver.takeOver(SCOPE, []), driver.release(SCOPE, strangers)]).to.deep.equal([[], []]);
  });
});

describe('scriptOf', () => {
  it('makes all before it breaks any', () => {
    const changes = [
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
      remove('10.2.0.0/24', '192.0.2.2'),
    ];
    const [chunk] = driver.render(SCOPE, changes, { routes: [], addresses: [] });
    const script = chunk?.command as ReturnType<typeof scriptOf>;

    expect(script.makes.flatMap((step) => step.lines)).to.deep.equal(
      lines('route 10.1.0.0/24 192.0.2.3'),
    );
    expect(script.breaks.flatMap((step) => step.lines)).to.deep.equal(
      lines('no route 10.1.0.0/24 192.0.2.2', 'no route 10.2.0.0/24 192.0.2.2'),
    );
  });
});
