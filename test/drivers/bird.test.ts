import { expect } from 'chai';
import type { RouteChange, UpstreamState } from '../../src/core/route.ts';
import { bird } from '../../src/drivers/bird.ts';
import { readBirdAddresses } from '../../src/drivers/bird/state.ts';
import type {
  CommandOutput,
  DeviceScope,
  Program,
  RenderedChunk,
} from '../../src/drivers/driver.ts';
import { add, hop, installed, remove, replace } from './routes.ts';
import { thrown } from './thrown.ts';

const SCOPE: DeviceScope = {
  vrf: undefined,
  distance: undefined,
  mark: { tag: 4711, name: 'rs-test' },
  dialect: undefined,
  confirmSeconds: undefined,
};
const NONE: UpstreamState = { routes: [], addresses: [] };
const READY = 'BIRD 2.0.12 ready.\n';
const INTERFACES = `${READY}lo up (index=1)
	MultiAccess AdminUp LinkUp Loopback Ignored MTU=65536
	127.0.0.1/8 (Preferred, scope host)
d1 up (index=2 master=red)
	10.255.0.1/32 (Preferred, opposite 10.255.0.2, scope site)
d0 up (index=3)
	192.0.2.1/24 (Preferred, scope univ)
	2001:db8::1/64 (Preferred, scope univ)
`;

function answer(stdout: string, rest: Partial<CommandOutput> = {}): CommandOutput {
  return { stdout, stderr: '', exitCode: 0, ...rest };
}

function block(row: string, list = '', vrf = ''): CommandOutput {
  const header = 'Name       Proto      Table      State  Since         Info\n';
  return answer(
    `${READY}Daemon is up and running\n${READY}${header}${row}\n${vrf}\n${READY}${list}`,
  );
}

const EMPTY4 = block('rs-test4   Static     master4    up     07:18:38.030  ');
const EMPTY6 = block('rs-test6   Static     master6    up     07:18:38.030  ');

function parse(
  outputs: { four?: CommandOutput; six?: CommandOutput; shown?: string; files?: string },
  scope: DeviceScope = SCOPE,
): UpstreamState {
  const { four = EMPTY4, six = EMPTY6, shown = '', files = '' } = outputs;
  return bird.parse(scope, [four, six, answer(READY + shown), answer(files), answer(INTERFACES)]);
}

function chunkOf(
  changes: readonly RouteChange[],
  scope: Partial<DeviceScope> = {},
  state: UpstreamState = NONE,
): RenderedChunk & { readonly command: Program } {
  const [chunk, ...more] = bird.render({ ...SCOPE, ...scope }, changes, state);
  expect(more).to.deep.equal([]);
  return chunk as RenderedChunk & { readonly command: Program };
}

function linesOf(...args: Parameters<typeof chunkOf>): readonly string[] {
  const lines = String(chunkOf(...args).command.stdin).split('\n');
  return lines.filter((line) => !line.startsWith('#') && line !== '');
}

describe('bird.render', () => {
  for (const [what, change, line] of [
    ['a route', add('10.1.0.0/24', '192.0.2.2'), 'route 10.1.0.0/24 via 192.0.2.2;'],
    [
      'several next hops',
      add('10.1.0.0/24', '192.0.2.3', '192.0.2.2'),
      'route 10.1.0.0/24 via 192.0.2.2 via 192.0.2.3;',
    ],
    [
      'IPv6 through an interface',
      add('2001:db8:1::/64', 'fe80::2%eth0.100'),
      "route 2001:db8:1::/64 via fe80::2%'eth0.100';",
    ],
    [
      'a replace as what is there afterwards',
      replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
      'route 10.1.0.0/24 via 192.0.2.3;',
    ],
  ] as const) {
    it(`writes ${what}`, () => {
      expect(linesOf([change])).to.deep.equal([line]);
    });
  }

  it('writes the preference of the scope, but for the one that BIRD has by itself', () => {
    const changes = [add('10.1.0.0/24', '192.0.2.2')];

    expect(linesOf(changes, { distance: 150 })).to.deep.equal([
      'route 10.1.0.0/24 via 192.0.2.2 { preference = 150; };',
    ]);
    expect(linesOf(changes, { distance: 200 })).to.deep.equal(['route 10.1.0.0/24 via 192.0.2.2;']);
  });

  it('writes all routes of ours that stay, in numeric order, and none of others', () => {
    const routes = [
      installed('10.9.0.0/24', '192.0.2.9'),
      installed('10.2.0.0/24', '192.0.2.2'),
      installed('2001:db8:1::/64', '2001:db8::2'),
      { ...installed('10.3.0.0/24', '192.0.2.3'), owned: false },
    ];

    const lines = linesOf(
      [add('10.10.0.0/24', '192.0.2.2'), remove('10.9.0.0/24', '192.0.2.9')],
      { distance: 150 },
      { routes, addresses: [] },
    );

    expect(lines).to.deep.equal([
      'route 10.2.0.0/24 via 192.0.2.2 { preference = 150; };',
      'route 10.10.0.0/24 via 192.0.2.2 { preference = 150; };',
      'route 2001:db8:1::/64 via 2001:db8::2 { preference = 150; };',
    ]);
  });

  it('keeps the interface of a route that stays', () => {
    const routes = [installed('2001:db8:1::/64', 'fe80::2%d0')];

    expect(
      linesOf([remove('10.9.0.0/24', '192.0.2.9')], {}, { routes, addresses: [] }),
    ).to.deep.equal(["route 2001:db8:1::/64 via fe80::2%'d0';"]);
  });

  it('says in comments where the lines go and what is done with them', () => {
    const chunk = chunkOf([add('10.1.0.0/24', '192.0.2.2')], { confirmSeconds: 300 });

    expect(chunk.command.stdin).to.equal(
      [
        "# /etc/bird/route-sync4.conf, for protocol static 'rs-test4': written by route-sync, changes are lost",
        'route 10.1.0.0/24 via 192.0.2.2;',
        "# /etc/bird/route-sync6.conf, for protocol static 'rs-test6': written by route-sync, changes are lost",
        '# birdc -s /run/bird/bird.ctl configure check',
        '# birdc -s /run/bird/bird.ctl configure timeout 300',
        '',
      ].join('\n'),
    );
    expect(chunk.command.argv.slice(4)).to.deep.equal([
      '/etc/bird/route-sync4.conf',
      '/etc/bird/route-sync6.conf',
      '/run/bird/bird.ctl',
      '300',
    ]);
    expect(chunk.confirm).to.have.property(
      'stdin',
      '# birdc -s /run/bird/bird.ctl configure confirm\n',
    );
    expect(chunk.revert).to.have.property('argv');
  });

  it('names the VRF that the blocks are in', () => {
    const { command } = chunkOf([add('10.1.0.0/24', '192.0.2.2')], { vrf: 'red' });

    expect(command.stdin).to.contain("'rs-test4' in VRF red:");
  });

  it('makes a push final at once where no time to confirm is set', () => {
    const chunk = chunkOf([add('10.1.0.0/24', '192.0.2.2')]);

    expect(chunk.confirm).to.equal(undefined);
    expect(chunk.command.argv.at(-1)).to.equal('');
    expect(chunk.command.stdin).to.contain('# birdc -s /run/bird/bird.ctl configure\n');
  });

  for (const [what, scope, word] of [
    ['a file', { bird: { file4: '/etc/bird/a b', file6: '/x', socket: '/y' } }, '/etc/bird/a b'],
    ['a way up', { bird: { file4: '/x', file6: '/etc/../x', socket: '/y' } }, '/etc/../x'],
    ['a socket', { bird: { file4: '/x', file6: '/x', socket: 'y;z' } }, 'y;z'],
    ['a VRF', { vrf: 'red\nreload' }, 'red'],
    ['a mark', { mark: { tag: 1, name: "x'; }" } }, "x'; }"],
    ['a long mark', { mark: { tag: 1, name: 'x'.repeat(63) } }, '62'],
  ] as const) {
    it(`refuses ${what} that is not in the allowed set`, () => {
      const error = thrown(() => chunkOf([add('10.1.0.0/24', '192.0.2.2')], scope));

      expect(error.code).to.equal('UNSAFE_WORD');
      expect(error.message).to.contain(word);
    });
  }

  it('refuses a hostile interface', () => {
    const error = bird.unsupported(
      add('10.1.0.0/24', "192.0.2.2%d0'; route 0.0.0.0/0 blackhole; #"),
    );

    expect(error?.code).to.equal('UNSAFE_WORD');
  });
});

describe('bird.parse', () => {
  it('takes what runs in the two blocks of the mark for ours, and other static routes for foreign', () => {
    const { routes, addresses } = parse({
      four: block(
        'rs-test4   Static     master4    up     07:18:38.030  ',
        '10.1.0.0/24\n\tvia 192.0.2.2\n\tvia 192.0.2.3 (dormant)\n',
      ),
      six: block(
        'rs-test6   Static     master6    up     07:18:38.030  ',
        '2001:db8:1::/64\n\tvia fe80::2%d0\n',
      ),
      files:
        "# remark\nroute 10.1.0.0/24 via 192.0.2.2 via 192.0.2.3;\nroute 2001:db8:1::/64 via fe80::2%'d0';\n",
      shown: `Table master4:
10.1.0.0/24          unicast [rs-test4 07:18:38.030] * (200)
	via 192.0.2.2 on d0
	Type: static univ
10.99.0.0/16         unicast [theirs 07:18:38.030] * (10)
	via 192.0.2.9 on d0
	Type: static univ
Table other:
10.98.0.0/16         unicast [theirs 07:18:38.030] * (200)
	via 192.0.2.9 on d0
	Type: static univ
`,
    });

    expect(
      routes.map(({ prefix, owned, nextHops, differs, description }) => [
        prefix.text,
        owned,
        nextHops,
        differs,
        description,
      ]),
    ).to.deep.equal([
      [
        '10.1.0.0/24',
        true,
        [hop('192.0.2.2'), hop('192.0.2.3')],
        undefined,
        'protocol rs-test4, dormant: 192.0.2.3',
      ],
      ['2001:db8:1::/64', true, [hop('fe80::2%d0')], undefined, 'protocol rs-test6'],
      [
        '10.99.0.0/16',
        false,
        [{ ...hop('192.0.2.9%d0'), distance: 10 }],
        undefined,
        'interface d0 distance 10 name theirs',
      ],
    ]);
    expect(addresses.map(({ address, network }) => `${address} ${network.text}`)).to.deep.equal([
      '127.0.0.1 127.0.0.0/8',
      '10.255.0.1 10.255.0.2/32',
      '192.0.2.1 192.0.2.0/24',
      '2001:db8::1 2001:db8::/64',
    ]);
  });

  for (const [what, list, files, distance, differs] of [
    ['as written', '\n\tvia 192.0.2.2\n', 'route 10.1.0.0/24 via 192.0.2.2;', undefined, undefined],
    [
      'with the preference of the scope',
      '\n\tvia 192.0.2.2\n',
      'route 10.1.0.0/24 via 192.0.2.2 { preference = 150; };',
      150,
      undefined,
    ],
    [
      'with the default preference named',
      '\n\tvia 192.0.2.2\n',
      'route 10.1.0.0/24 via 192.0.2.2;',
      200,
      undefined,
    ],
    [
      'with another preference',
      '\n\tvia 192.0.2.2\n',
      'route 10.1.0.0/24 via 192.0.2.2;',
      150,
      true,
    ],
    ['that is not in the file', '\n\tvia 192.0.2.2\n', '', undefined, true],
    [
      'that is otherwise in the file',
      '\n\tvia 192.0.2.2\n',
      'route 10.1.0.0/24 via 192.0.2.3;',
      undefined,
      true,
    ],
    [
      'that is there twice',
      '\n\tvia 192.0.2.2\n',
      'route 10.1.0.0/24 via 192.0.2.2;\nroute 10.1.0.0/24 via 192.0.2.2;',
      undefined,
      true,
    ],
    ['that leads nowhere', '\tblackhole\n', 'route 10.1.0.0/24 blackhole;', undefined, true],
  ] as const) {
    it(`sees a route ${what}`, () => {
      const four = block(
        'rs-test4   Static     master4    up     07:18:38.030  ',
        `10.1.0.0/24${list}`,
      );
      const { routes } = parse({ four, files }, { ...SCOPE, distance });

      expect(routes.map((route) => [route.owned, route.differs])).to.deep.equal([[true, differs]]);
    });
  }

  for (const [what, four, vrf, code] of [
    [
      'is not there',
      answer(`${READY}up\n${READY}syntax error, unexpected CF_SYM_UNDEFINED\n${READY}syntax error`),
      undefined,
      'UPSTREAM_COMMAND_FAILED',
    ],
    [
      'has another name',
      block('rs-other4   Static     master4    up     07:18:38.030  '),
      undefined,
      'UPSTREAM_COMMAND_FAILED',
    ],
    [
      'was not asked',
      answer(`${READY}rs-test4   Static     master4    up     07:18:38.030  `),
      undefined,
      'UPSTREAM_COMMAND_FAILED',
    ],
    [
      'is switched off',
      block('rs-test4   Static     master4    down   07:18:38.030  '),
      undefined,
      'UPSTREAM_COMMAND_FAILED',
    ],
    [
      'is in a table',
      block('rs-test4   Static     t4         up     07:18:38.030  '),
      undefined,
      'UPSTREAM_TABLE_UNKNOWN',
    ],
    [
      'is in a VRF',
      block('rs-test4   Static     master4    up     07:18:38.030  ', '', '  VRF:            red'),
      undefined,
      'UPSTREAM_TABLE_UNKNOWN',
    ],
    ['is in no VRF', EMPTY4, 'red', 'UPSTREAM_TABLE_UNKNOWN'],
    [
      'is in another VRF',
      block('rs-test4   Static     blue4      up     07:18:38.030  ', '', '  VRF:            blue'),
      'red',
      'UPSTREAM_TABLE_UNKNOWN',
    ],
  ] as const) {
    it(`refuses to go on where the block ${what}`, () => {
      expect(thrown(() => parse({ four }, { ...SCOPE, vrf })).code).to.equal(code);
    });
  }

  for (const [what, four, six] of [
    [
      'of the two tables with its name',
      block('rs-test4 Static red4 up 07:18:38.030  '),
      block('rs-test6 Static red6 up 07:18:38.030  '),
    ],
    [
      'of its name',
      block('rs-test4 Static t4 up 07:18:38.030  ', '', '  VRF:            red'),
      block('rs-test6 Static t6 up 07:18:38.030  ', '', '  VRF:            red'),
    ],
  ] as const) {
    it(`takes vrf for that ${what}`, () => {
      expect(parse({ four, six }, { ...SCOPE, vrf: 'red' }).routes).to.deep.equal([]);
    });
  }

  it('takes VRF default for none', () => {
    const four = block(
      'rs-test4 Static master4 up 07:18:38.030  ',
      '',
      '  VRF:            default',
    );

    expect(parse({ four }).routes).to.deep.equal([]);
  });

  for (const [what, failed, code] of [
    [
      'BIRD is down',
      'Unable to connect to server control socket (/run/bird/bird.ctl): Connection refused',
      'UPSTREAM_COMMAND_FAILED',
    ],
    [
      'the socket is not ours to use',
      'Unable to connect to server control socket (/run/bird/bird.ctl): Permission denied',
      'UPSTREAM_NOT_PERMITTED',
    ],
  ] as const) {
    it(`never takes a failed answer for a smaller state: ${what}`, () => {
      const four = answer(failed, { exitCode: 1 });

      expect(thrown(() => parse({ four })).code).to.equal(code);
    });
  }
});

describe('readBirdAddresses', () => {
  it('tells the addresses in a VRF, or all where the VRF is no more than a table', () => {
    const of = (vrf: string): readonly string[] =>
      readBirdAddresses(INTERFACES, vrf).map(({ address }) => address);

    expect(of('red')).to.deep.equal(['10.255.0.1']);
    expect(of('t4')).to.have.lengthOf(4);
  });

  it('takes an answer without addresses for none', () => {
    expect(thrown(() => readBirdAddresses(READY, undefined)).code).to.equal(
      'UPSTREAM_OUTPUT_INVALID',
    );
  });
});

describe('bird.rejections', () => {
  const changes = [add('10.1.0.0/24', '192.0.2.2'), add('10.2.0.0/24', '192.0.2.2')];
  const chunk = chunkOf(changes);

  for (const [words, hint] of [
    ['./route-sync4.conf:2:19 Invalid prefix length 33', 'does not know that form'],
    [
      './x.conf:1:19 Invalid IPv4 prefix 203.0.113.1/24, maybe you wanted 203.0.113.0/24',
      'does not know that form',
    ],
    ['./x.conf:1:26 Invalid IPv4 address 192.0.2.300', 'does not know that form'],
    ['./x.conf:1:1 syntax error, unexpected CF_SYM_UNDEFINED', 'does not know that form'],
    [
      './x.conf:9:1 Route 2001:db8::/48 incompatible with channel type',
      'of another address family',
    ],
    ['./x.conf:9:1 something new', 'something new'],
  ] as const) {
    it(`maps "${words}" to its change`, () => {
      const stdout = `refused\troute 10.2.0.0/24 via 192.0.2.2;\t${words}\nother words\n`;

      const [rejection, ...more] = bird.rejections(chunk, answer(stdout));

      expect(more).to.deep.equal([]);
      expect(rejection?.change).to.equal(changes[1]);
      expect(rejection?.error.code).to.equal('ROUTE_REJECTED');
      expect(rejection?.error.message).to.contain(hint);
    });
  }

  it('finds nothing wrong with silence, nor with a line that it was not asked about', () => {
    const stdout = 'refused\troute 10.9.0.0/24 via 192.0.2.2;\t./x.conf:9:1 Invalid\n';

    expect(bird.rejections(chunk, answer(''))).to.deep.equal([]);
    expect(bird.rejections(chunk, answer(stdout))).to.deep.equal([]);
  });

  for (const [words, code] of [
    ['BIRD 2.0.12 ready.\nAccess restricted\nAccess denied', 'UPSTREAM_NOT_PERMITTED'],
    ['cp: cannot create regular file: Permission denied', 'UPSTREAM_NOT_PERMITTED'],
    [
      'bird.conf:8:12 Unable to open included file ./rs4.inc: No such file',
      'UPSTREAM_COMMAND_FAILED',
    ],
    ['Undo requested\nNothing to do', 'UPSTREAM_COMMAND_FAILED'],
  ] as const) {
    it(`fails as a whole with "${words}"`, () => {
      const error = thrown(() => bird.rejections(chunk, answer(words, { exitCode: 1 })));

      expect(error.code).to.equal(code);
    });
  }
});

describe('bird.probe', () => {
  it('asks for the files and the socket, and has BIRD check its configuration', () => {
    const { argv } = bird.probe(SCOPE) as Program;

    expect(argv[2]).to.contain('configure check');
    expect(bird.save(SCOPE)).to.equal(undefined);
    expect(bird.gatherSaved(SCOPE)).to.equal(undefined);
  });
});

describe('bird.gather', () => {
  it('asks for both blocks by their name in quotes, for other static routes, files and interfaces', () => {
    const asked = bird.gather(SCOPE).map((command) => ('argv' in command ? command.argv : []));

    expect(
      asked.map((argv) => argv.filter((word) => !word.includes('\n')).join(' ')),
    ).to.deep.equal([
      "sh -c sh /run/bird/bird.ctl 'rs-test4'",
      "sh -c sh /run/bird/bird.ctl 'rs-test6'",
      'birdc -s /run/bird/bird.ctl show route all table all where source = RTS_STATIC',
      'cat /etc/bird/route-sync4.conf /etc/bird/route-sync6.conf',
      'birdc -s /run/bird/bird.ctl show interfaces',
    ]);
  });
});
