import { expect } from 'chai';

import type { InstalledRoute, RouteChange, UpstreamState } from '../../src/core/route.ts';
import type { CommandOutput, DeviceScope, Dialogue, Script } from '../../src/drivers/driver.ts';
import { vyos } from '../../src/drivers/vyos.ts';
import { LABS } from '../support/routers/labs.ts';
import { conformsTo } from './conformance.ts';
import { add, desired, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const LAB = LABS['vyos 1.4'];
const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 4711, name: 'route-sync-test' },
  dialect: '1.4',
  confirmSeconds: undefined,
};
const EMPTY: UpstreamState = { routes: [], addresses: [] };
const OLD = { dialect: '1.3', distance: 200 };

function linesOf(
  changes: readonly RouteChange[],
  scope: Partial<DeviceScope> = {},
  state: UpstreamState = EMPTY,
): readonly string[] {
  return vyos.render({ ...SCOPE, ...scope }, changes, state).flatMap(({ command }) => {
    const { enter, makes, breaks, commit } = command as Script;
    const steps = [...makes, ...breaks].flatMap((step) => step.lines);
    return [...enter, ...steps, ...commit].map(({ text }) => text);
  });
}

function output(stdout: string): CommandOutput {
  return { stdout, stderr: '', exitCode: 0 };
}

describe('vyos', () => {
  describe('1.4', () => conformsTo(LAB));

  describe('1.3', () => conformsTo(LABS['vyos 1.3']));

  it('marks a route by its description', () => {
    const changes = [
      add('10.1.0.0/24', '192.0.2.2', '192.0.2.3%eth0'),
      add('2001:db8:1::/64', 'fe80::2%eth0'),
      replace('10.2.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
      remove('10.3.0.0/24', '192.0.2.2'),
    ];

    expect(linesOf(changes)).to.deep.equal([
      'configure',
      'set protocols static route 10.1.0.0/24 description route-sync-test',
      'set protocols static route 10.1.0.0/24 next-hop 192.0.2.2',
      'set protocols static route 10.1.0.0/24 next-hop 192.0.2.3 interface eth0',
      'set protocols static route6 2001:db8:1::/64 description route-sync-test',
      'set protocols static route6 2001:db8:1::/64 next-hop fe80::2 interface eth0',
      'set protocols static route 10.2.0.0/24 next-hop 192.0.2.3',
      'delete protocols static route 10.2.0.0/24 next-hop 192.0.2.2',
      'delete protocols static route 10.3.0.0/24',
      'commit',
      'exit',
    ]);
  });

  it('writes to a VRF, each release in its own place', () => {
    const changes = [add('10.1.0.0/24', '192.0.2.2')];

    expect(linesOf(changes, { vrf: 'red', distance: 200 }).slice(1, -2)).to.deep.equal([
      'set vrf name red protocols static route 10.1.0.0/24 description route-sync-test',
      'set vrf name red protocols static route 10.1.0.0/24 next-hop 192.0.2.2 distance 200',
    ]);
    expect(linesOf(changes, { ...OLD, vrf: 'red' }).slice(1, -2)).to.deep.equal([
      'set protocols vrf red static route 10.1.0.0/24 next-hop 192.0.2.2 distance 200',
    ]);
  });

  it('marks a route of 1.3 by its distance, and names an interface in the words of 1.3', () => {
    const changes = [
      add('10.1.0.0/24', '192.0.2.2%eth0'),
      remove('10.3.0.0/24', '192.0.2.2', '192.0.2.3'),
    ];
    const shared = { ...installed('10.3.0.0/24', '192.0.2.9'), owned: false };

    expect(linesOf(changes, OLD).slice(1, -2)).to.deep.equal([
      'set protocols static route 10.1.0.0/24 next-hop 192.0.2.2 distance 200',
      'set protocols static route 10.1.0.0/24 next-hop 192.0.2.2 next-hop-interface eth0',
      'delete protocols static route 10.3.0.0/24',
    ]);
    expect(
      linesOf(changes.slice(1), OLD, { ...EMPTY, routes: [shared] }).slice(1, -2),
    ).to.deep.equal([
      'delete protocols static route 10.3.0.0/24 next-hop 192.0.2.2',
      'delete protocols static route 10.3.0.0/24 next-hop 192.0.2.3',
    ]);
  });

  it('does not work with 1.3 without a distance', () => {
    const scope = { dialect: '1.3' };
    const answers = [
      output('set protocols static route 10.1.0.0/24 next-hop 192.0.2.2'),
      output(''),
    ];

    expect(thrown(() => linesOf([add('10.1.0.0/24', '192.0.2.2')], scope))).to.include({
      code: 'CONFIG_INVALID',
    });
    expect(thrown(() => vyos.parse({ ...SCOPE, ...scope }, answers))).to.include({
      code: 'CONFIG_INVALID',
    });
  });

  it('takes a discard of the same distance for no route of ours in 1.3', () => {
    const { routes } = vyos.parse({ ...SCOPE, ...OLD }, [
      output(
        "set protocols static route 10.1.0.0/24 blackhole distance '200'\nset protocols static route 10.2.0.0/24 next-hop 192.0.2.2 distance '200'",
      ),
      output(''),
    ]);

    expect(routes.map(({ prefix, owned }) => [prefix.text, owned])).to.have.deep.members([
      ['10.1.0.0/24', false],
      ['10.2.0.0/24', true],
    ]);
  });

  it('changes the distance in place, and switches on again what is disabled', () => {
    const [hop] = installed('10.1.0.0/24', '192.0.2.2').nextHops as [
      InstalledRoute['nextHops'][number],
    ];
    const before = {
      ...installed('10.1.0.0/24'),
      nextHops: [{ ...hop, distance: 20, disabled: true as const }],
    };
    const after = desired('10.1.0.0/24', '192.0.2.2');

    expect(linesOf([{ action: 'replace', before, after }]).slice(1, -2)).to.deep.equal([
      'delete protocols static route 10.1.0.0/24 next-hop 192.0.2.2 distance',
      'delete protocols static route 10.1.0.0/24 next-hop 192.0.2.2 disable',
    ]);
    expect(
      linesOf([replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.2'])], { distance: 30 }).slice(
        1,
        -2,
      ),
    ).to.deep.equal(['set protocols static route 10.1.0.0/24 next-hop 192.0.2.2 distance 30']);
  });

  it('never uses the commit that reboots the router where nobody confirms it', () => {
    const lines = linesOf([add('10.1.0.0/24', '192.0.2.2')], { confirmSeconds: 300 });

    expect(lines).to.include('commit');
    expect(lines.join('\n')).to.not.match(/confirm/);
  });

  it('says that a VRF does not exist, before a line for it would make it', () => {
    const answers = [output(''), output("set vrf name blue table '101'")];

    expect(thrown(() => vyos.parse({ ...SCOPE, vrf: 'red' }, answers))).to.include({
      code: 'UPSTREAM_TABLE_UNKNOWN',
    });
  });

  it('reads the addresses of interfaces and VLANs in either form of the table', () => {
    const table = `Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down
Interface    IP Address            MAC                VRF        MTU  S/L    Description
-----------  --------------------  -----------------  -------  -----  -----  -----------
eth0         203.0.113.1/24        52:54:00:00:00:01  default   1500  u/u    to 192.0.2.0/24
             2001:db8:ffff::1/64
eth0.20      192.0.2.1/24          52:54:00:00:00:01  red       1500  u/u
eth1         -                     52:54:00:00:00:02  default   1500  A/D
             not/24 an address
eth1.5.6     198.51.100.1/24       52:54:00:00:00:02  red       1500  u/u
lo           127.0.0.1/8           00:00:00:00:00:00  default  65536  u/u
             ::1/128
set interfaces ethernet eth0 vif 20 vrf 'red'
set interfaces ethernet eth1 vif-s 5 vif-c 6 vrf 'red'
set vrf name red table '100'
`;
    const inVrf = (vrf: string | undefined): readonly string[] =>
      vyos
        .parse({ ...SCOPE, vrf }, [output(''), output(table)])
        .addresses.map(({ address, network }) => `${address} ${network.text}`);

    expect(inVrf(undefined)).to.deep.equal([
      '203.0.113.1 203.0.113.0/24',
      '2001:db8:ffff::1 2001:db8:ffff::/64',
      '127.0.0.1 127.0.0.0/8',
      '::1 ::1/128',
    ]);
    expect(inVrf('red')).to.deep.equal(['192.0.2.1 192.0.2.0/24', '198.51.100.1 198.51.100.0/24']);
  });

  it('saves, and asks for what is saved', () => {
    const words = (dialogue: unknown): readonly string[] =>
      (dialogue as Dialogue).lines.map(({ text }) => text);

    expect(words(vyos.save(SCOPE))).to.deep.equal(['configure', 'save', 'exit']);
    expect(vyos.gatherSaved(SCOPE)?.map(words)).to.deep.equal([
      ['cat /config/config.boot'],
      ['show interfaces', 'show configuration commands | match vrf | no-more'],
    ]);
  });

  const { session } = vyos;

  for (const text of [
    '\n  Invalid command: [bogus]\n\n',
    '\n  Configuration path: protocols static [rout] is not valid\n  Set failed\n\n',
    '\n  Configuration path: [prot] is ambiguous\n',
    '  Delete failed',
    LAB.refusal,
    '"fgsfds" is not a valid value of type "u32"',
    '[[protocols static]] failed\nCommit failed',
    'delete [ protocols static ] failed',
    'Configuration system temporarily locked due to another commit in progress',
    'Failed to generate committed config',
    "Cannot exit: configuration modified.\nUse 'exit discard' to discard the changes and exit.",
    'VyOS had an issue completing a command.',
    'vbash: configur: command not found',
    'cat: /config/config.boot: Permission denied',
  ]) {
    it(`takes ${JSON.stringify(text)} for a refusal`, () => {
      const lines = text.split('\n');

      expect(
        lines.some((line) => session?.failures.some((failure) => failure.test(line))),
      ).to.equal(true);
    });
  }

  for (const text of [
    '  Configuration path: [protocols static route 10.1.0.0/24] already exists',
    '  Nothing to delete (the specified node does not exist)',
    'No configuration changes to commit',
    'Warning: configuration changes have not been saved.',
    "set protocols static route 10.1.0.0/24 description 'Set failed'",
  ]) {
    it(`takes ${JSON.stringify(text)} for none`, () => {
      expect(session?.failures.some((failure) => failure.test(text))).to.equal(false);
    });
  }

  for (const [prompt, is] of [
    ['route-sync@edge1:~$ ', 'prompt'],
    ['user.name@fw1> ', 'prompt'],
    ['vyos@r-1.example:/config$ ', 'prompt'],
    ['route-sync@edge1# ', 'configuring'],
    ['root@edge1:~# ', undefined],
    ['Authorized access only #', undefined],
    ['*** READ THIS >', undefined],
    ['[edit]', undefined],
    ['mail admin@example.org for access $', undefined],
  ] as const) {
    it(`takes ${JSON.stringify(prompt)} for ${is ?? 'no prompt'}`, () => {
      expect(session?.prompt.test(prompt)).to.equal(is === 'prompt');
      expect(session?.configuring?.test(prompt)).to.equal(is === 'configuring');
    });
  }

  for (const [line, secret] of [
    ["set system login user a authentication plaintext-password 'hunter2'", "'hunter2'"],
    ["set interfaces wireguard wg0 private-key 'abc='", "'abc='"],
    ["set interfaces wireguard wg0 peer p preshared-key 'def='", "'def='"],
    ["set service snmp community public authorization 'ro'", 'public'],
    ["set pki certificate c private key 'MIIE'", "'MIIE'"],
    ["set vpn ipsec authentication psk p secret 'x y'", "'x y'"],
    ['            encrypted-password $6$salt$hash', '$6$salt$hash'],
    ['# http://user:pa55@domain.example/', 'pa55'],
  ] as const) {
    it(`masks the secret in ${JSON.stringify(line)}`, () => {
      const found = session?.redact.flatMap((each) => each.exec(line)?.groups?.['secret'] ?? []);

      expect(found).to.include(secret);
    });
  }

  for (const [words, code] of [
    ['VRF "red" table id is mandatory!', 'UPSTREAM_TABLE_UNKNOWN'],
    ['Configuration path: protocols static [descr] is not valid', 'ROUTE_REJECTED'],
    ['Value validation failed', 'ROUTE_REJECTED'],
    ['something else', 'ROUTE_REJECTED'],
  ] as const) {
    it(`makes ${code} of "${words}"`, () => {
      const answer = { line: 'set protocols', text: words, refused: true };

      expect(vyos.refusal(add('10.1.0.0/24', '192.0.2.2'), answer)).to.include({ code });
    });
  }
});
