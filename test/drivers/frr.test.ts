import { expect } from 'chai';

import type { Address } from '../../src/core/prefix.ts';
import type { InstalledRoute, RouteChange, UpstreamState } from '../../src/core/route.ts';
import type { CommandOutput, DeviceScope, Program } from '../../src/drivers/driver.ts';
import { frr } from '../../src/drivers/frr.ts';
import { add, desired, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 4711, name: 'route-sync-test' },
  dialect: 'shell',
  confirmSeconds: undefined,
};
const EMPTY: UpstreamState = { routes: [], addresses: [] };
const RUNNING = `Building configuration...

Current configuration:
!
frr version 8.4.4
!
ip route 10.1.0.0/24 192.0.2.2 tag 4711
ip route 10.1.0.0/24 192.0.2.3 tag 4711 20
ip route 10.2.0.0/24 192.0.2.9 tag 9
!
vrf red
 ip route 10.3.0.0/24 198.51.100.2 tag 4711
exit-vrf
!
end
`;
const INTERFACES = ` zebra bgpd staticd
Interface e0 is up, line protocol is up
  vrf: default
  inet 192.0.2.1/24
  inet 192.0.2.77/24 secondary
  inet6 2001:db8::1/64
  inet6 fe80::1/64
Interface e1 is up, line protocol is up
  Description: inet of things
  inet 10.200.0.1/32 peer 10.200.0.2/32 unnumbered
`;

function rendered(changes: readonly RouteChange[], scope: Partial<DeviceScope> = {}) {
  const [chunk] = frr.render({ ...SCOPE, ...scope }, changes, EMPTY);
  return chunk?.command as Program;
}

function linesOf(changes: readonly RouteChange[], scope: Partial<DeviceScope> = {}) {
  return rendered(changes, scope).stdin?.trimEnd().split('\n');
}

function output(stdout: string, rest: Partial<CommandOutput> = {}): CommandOutput {
  return { stdout, stderr: '', exitCode: 0, ...rest };
}

function refused(changes: readonly RouteChange[], answer: CommandOutput) {
  const [chunk] = frr.render(SCOPE, changes, EMPTY);
  return frr.rejections(chunk as NonNullable<typeof chunk>, answer);
}

describe('frr', () => {
  it('asks for the configuration, and for the daemons and addresses', () => {
    expect(frr.gather(SCOPE)).to.deep.equal([
      { argv: ['vtysh', '-c', 'show running-config'] },
      { argv: ['vtysh', '-c', 'show daemons', '-c', 'show interface vrf default'] },
    ]);
    expect(frr.gather({ ...SCOPE, vrf: 'red', dialect: 'vtysh' })).to.deep.equal([
      { argv: ['show', 'running-config'] },
      { argv: [''], stdin: 'show daemons\nshow interface vrf red\n' },
    ]);
  });

  it('reads whose the routes are, and the own addresses', () => {
    const { routes, addresses } = frr.parse(SCOPE, [output(RUNNING), output(INTERFACES)]);

    expect(routes.map(({ prefix, owned, differs }) => [prefix.text, owned, differs])).to.deep.equal(
      [
        ['10.1.0.0/24', true, true],
        ['10.2.0.0/24', false, undefined],
      ],
    );
    expect(addresses.map(({ address, network }) => `${address} ${network.text}`)).to.deep.equal([
      '192.0.2.1 192.0.2.0/24',
      '192.0.2.77 192.0.2.0/24',
      '2001:db8::1 2001:db8::/64',
      'fe80::1 fe80::/64',
      '10.200.0.1 10.200.0.2/32',
    ]);
    expect(
      frr.parse({ ...SCOPE, vrf: 'red' }, [output(RUNNING), output(INTERFACES)]).routes,
    ).to.have.lengthOf(1);
  });

  it('takes no configuration for complete while staticd is not running', () => {
    const answers = [output('frr version 8.4.4\n!\nend\n'), output(' zebra bgpd\n')];

    expect(thrown(() => frr.parse(SCOPE, answers))).to.include({ code: 'UPSTREAM_COMMAND_FAILED' });
  });

  for (const [code, answer] of [
    ['UPSTREAM_TABLE_UNKNOWN', output(' zebra staticd\n% VRF red not found\n')],
    ['UPSTREAM_BUSY', output('% Configuration is locked by other client\n')],
    ['UPSTREAM_COMMAND_FAILED', output('% Unknown command: show daemons\n')],
    ['UPSTREAM_COMMAND_FAILED', output('', { exitCode: 1 })],
    [
      'UPSTREAM_COMMAND_FAILED',
      output('', { exitCode: 1, stderr: 'Exiting: failed to connect to any daemons.\n' }),
    ],
    [
      'UPSTREAM_NOT_PERMITTED',
      output('', {
        exitCode: 1,
        stderr:
          'Exiting: failed to connect to any daemons.\nHint: if this seems wrong, try running me as a privileged user!\n',
      }),
    ],
    ['UPSTREAM_COMMAND_FAILED', output("Can't save to configuration file, using vtysh.\n")],
    [
      'UPSTREAM_NOT_PERMITTED',
      output('Error renaming /etc/frr/frr.conf to /etc/frr/frr.conf.sav: Permission denied\n'),
    ],
  ] as const) {
    it(`knows ${code} in ${JSON.stringify(answer.stdout + answer.stderr)}`, () => {
      expect(thrown(() => frr.probed(SCOPE, answer))).to.include({ code });
      expect(thrown(() => frr.parse(SCOPE, [answer, answer]))).to.include({ code });
    });
  }

  it('does not mind that vtysh may not read its own configuration', () => {
    const stderr =
      "% Can't open configuration file /etc/frr/vtysh.conf due to 'Permission denied'.";

    frr.probed(SCOPE, output('', { stderr }));
    expect(thrown(() => frr.probed(SCOPE, output('', { stderr, exitCode: 1 })))).to.include({
      code: 'UPSTREAM_COMMAND_FAILED',
    });
  });

  it('writes everything that comes before everything that goes, in one transaction', () => {
    const changes = [
      remove('10.4.0.0/24', '192.0.2.2', '192.0.2.3%e0'),
      replace('10.3.0.0/24', ['192.0.2.2', '192.0.2.3'], ['192.0.2.3', '192.0.2.4']),
      add('10.1.0.0/24', '192.0.2.2'),
      add('10.2.0.0/24', '192.0.2.2', '192.0.2.3%e0'),
      add('2001:db8:1::/64', 'fe80::2%e0'),
    ];

    expect(linesOf(changes)).to.deep.equal([
      'configure terminal',
      'ip route 10.1.0.0/24 192.0.2.2 tag 4711',
      'ip route 10.2.0.0/24 192.0.2.2 tag 4711',
      'ip route 10.2.0.0/24 192.0.2.3 e0 tag 4711',
      'ipv6 route 2001:db8:1::/64 fe80::2 e0 tag 4711',
      'ip route 10.3.0.0/24 192.0.2.4 tag 4711',
      'no ip route 10.3.0.0/24 192.0.2.2',
      'no ip route 10.4.0.0/24 192.0.2.2',
      'no ip route 10.4.0.0/24 192.0.2.3 e0',
      'end',
    ]);
  });

  it('names the VRF and the distance on each line', () => {
    const changes = [
      add('10.1.0.0/24', '192.0.2.2'),
      remove('10.2.0.0/24', '192.0.2.2'),
      add('2001:db8:1::/64', '2001:db8::2'),
    ];

    expect(linesOf(changes, { vrf: 'red', distance: 200 })).to.deep.equal([
      'configure terminal',
      'ip route 10.1.0.0/24 192.0.2.2 tag 4711 200 vrf red',
      'ipv6 route 2001:db8:1::/64 2001:db8::2 tag 4711 200 vrf red',
      'no ip route 10.2.0.0/24 192.0.2.2 vrf red',
      'end',
    ]);
    expect(linesOf(changes.slice(0, 1), { distance: 1 })).to.include(
      'ip route 10.1.0.0/24 192.0.2.2 tag 4711',
    );
  });

  it('changes the distance of the very line that it finds', () => {
    const [hop] = installed('10.1.0.0/24', '192.0.2.2%e0').nextHops as [
      InstalledRoute['nextHops'][number],
    ];
    const before = { ...installed('10.1.0.0/24'), nextHops: [{ ...hop, distance: 20 }] };
    const after = desired('10.1.0.0/24', '192.0.2.2');

    expect(linesOf([{ action: 'replace', before, after }])).to.deep.equal([
      'configure terminal',
      'ip route 10.1.0.0/24 192.0.2.2 e0 tag 4711',
      'end',
    ]);
  });

  it('marks the transaction itself where the login shell is vtysh', () => {
    const { argv, stdin } = rendered([add('10.1.0.0/24', '192.0.2.2')], { dialect: 'vtysh' });

    expect(argv).to.deep.equal(['']);
    expect(stdin?.trimEnd().split('\n')).to.deep.equal([
      'configure terminal',
      'XFRR_start_configuration',
      'ip route 10.1.0.0/24 192.0.2.2 tag 4711',
      'XFRR_end_configuration',
      'end',
    ]);
  });

  it('never gives FRR a bad address, which it would take for the name of an interface', () => {
    const bad = desired('10.1.0.0/24', '192.0.2.2');
    const nextHops = [{ address: '192.0.2.2 e0' as Address }];

    expect(() => linesOf([{ action: 'add', after: { ...bad, nextHops } }])).to.throw(
      /cannot be used/,
    );
    expect(frr.readPaths('ip route 10.1.0.0/24 192.0.2.300')).to.deep.include.members([
      {
        vrf: null,
        prefix: '10.1.0.0/24',
        nextHop: null,
        interface: '192.0.2.300',
        distance: null,
        tag: null,
        name: null,
        description: null,
        discard: false,
      },
    ]);
  });

  it('never gives FRR an interface that it would take for a keyword', () => {
    for (const device of ['tag', 'onl', 'Null0', 'blackhole']) {
      const error = frr.unsupported(add('10.1.0.0/24', `192.0.2.2%${device}`));

      expect(error, device).to.include({ code: 'UNSAFE_WORD' });
    }
    expect(frr.unsupported(add('10.1.0.0/24', '192.0.2.2%tagged0'))).to.equal(undefined);
    expect(frr.unsupported(add('10.1.0.0/24', 'fe80::1'))).to.include({ code: 'ROUTE_REJECTED' });
    expect(frr.unsupported(remove('10.1.0.0/24', '192.0.2.2%tag'))).to.equal(undefined);
  });

  for (const vrf of ['red\nend', 'red blue', 'red;reload', '']) {
    it(`refuses the VRF ${JSON.stringify(vrf)}`, () => {
      expect(() => linesOf([add('10.1.0.0/24', '192.0.2.2')], { vrf })).to.throw(/cannot be used/);
      expect(() => frr.gather({ ...SCOPE, vrf })).to.throw(/cannot be used/);
    });
  }

  const two = [add('10.1.0.0/24', '192.0.2.2'), remove('10.2.0.0/24', '192.0.2.2')];

  for (const [what, answer] of [
    [
      'a file',
      output('', {
        stderr: 'line 2: % Unknown command[4]: no ip route 10.2.0.0/24 192.0.2.2\n',
        exitCode: 2,
      }),
    ],
    [
      'a session',
      output(
        'vm(config)# no ip route 10.2.0.0/24 192.0.2.2\n% Command incomplete: no ip route 10.2.0.0/24\n',
      ),
    ],
    ['a warning', output('', { stderr: 'line 2: Warning[13]...: no ip route 10.2.0.0/24 x\n\n' })],
  ] as const) {
    it(`loses the change whose line is refused in ${what}, and no other`, () => {
      const rejections = refused(two, answer);

      expect(rejections.map(({ change }) => change)).to.deep.equal([two[1]]);
      expect(rejections[0]?.error).to.include({ code: 'ROUTE_REJECTED' });
      expect(rejections[0]?.error.message).to.match(/^remove 10\.2\.0\.0\/24: the upstream says/);
    });
  }

  it('takes what is as it should be for done', () => {
    const said =
      '% Refusing to remove a non-existent route\nStatic Route to 10.1.0.0/24 not installed currently because dependent config not fully available\n';

    expect(refused(two, output(said))).to.deep.equal([]);
  });

  for (const answer of [
    output(
      '% Configuration failed.\n\nError type: validation\nError description: MPLS not turned on\nThe following commands were dynamically grouped into the same transaction and rejected:\n- ip route 10.1.0.0/24 192.0.2.2\n',
    ),
    output('', {
      stderr: 'line 2: Failure to communicate[13] to staticd, line: ip route\n',
      exitCode: 2,
    }),
    output('', { stderr: 'staticd is not running\n', exitCode: 1 }),
    output('', { stderr: 'sh: 2: vtysh: not found\n', exitCode: 127 }),
    output('% Something else\n'),
    output('% Unknown command: ip route 10.77.0.0/24 192.0.2.2\n'),
  ]) {
    it(`gives up the whole chunk after ${JSON.stringify(answer.stdout + answer.stderr)}`, () => {
      expect(thrown(() => refused(two, answer))).to.include({ code: 'UPSTREAM_COMMAND_FAILED' });
    });
  }

  it('proves its rights by entering the configuration, saves, and reads what is saved', () => {
    const vtysh = { ...SCOPE, dialect: 'vtysh' };

    expect(frr.probe(SCOPE)).to.deep.equal({
      argv: ['vtysh', '-c', 'configure terminal', '-c', 'end'],
    });
    expect(frr.probe(vtysh)).to.deep.equal({ argv: [''], stdin: 'configure terminal\nend\n' });
    expect(frr.save(SCOPE)).to.deep.equal({ argv: ['vtysh', '-c', 'write memory'] });
    expect(frr.save(vtysh)).to.deep.equal({ argv: ['write', 'memory'] });
    expect(frr.gatherSaved(SCOPE)).to.have.lengthOf(2);
    expect(frr.gatherSaved(vtysh)).to.equal(undefined);
  });
});
