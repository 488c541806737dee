import { expect } from 'chai';
import { prefixOf, type Origin, type RouteChange } from '../../src/core/route.ts';
import type { CommandOutput, RenderedChunk } from '../../src/drivers/driver.ts';
import { driverFor } from '../../src/drivers/index.ts';
import { linux } from '../../src/drivers/linux.ts';
import { add, desired, installed, remove, replace, SCOPE } from './routes.ts';
import { thrown } from './thrown.ts';

const MARK = 'proto 201 metric 1024 table main';

function linesOf(...changes: readonly RouteChange[]): readonly string[] {
  return linux
    .render(SCOPE, changes)
    .flatMap(({ command }) => (command.stdin ?? '').split('\n').slice(0, -1));
}

function chunkOf(...changes: readonly RouteChange[]): RenderedChunk {
  const [chunk] = linux.render(SCOPE, changes);
  if (chunk === undefined) {
    throw new Error('nothing was rendered');
  }
  return chunk;
}

function failed(...stderr: readonly string[]): CommandOutput {
  return { stdout: '', stderr: stderr.map((line) => `${line}\n`).join(''), exitCode: 1 };
}

describe('driverFor', () => {
  it('finds the driver under its own name', async () => {
    expect(await driverFor('linux')).to.equal(linux);
    expect(linux.os).to.equal('linux');
  });
});

describe('linux.gather', () => {
  it('asks for both families with numbers, details and JSON, and for the addresses', () => {
    expect(linux.gather({ ...SCOPE, table: '77' }).map(({ argv }) => argv.join(' '))).to.deep.equal(
      [
        'ip -N -details -json -4 route show table 77',
        'ip -N -details -json -6 route show table 77',
        'ip -N -json address show',
      ],
    );
  });

  it('refuses a table that means every table', () => {
    expect(thrown(() => linux.gather({ ...SCOPE, table: 'all' })).code).to.equal('UNSAFE_WORD');
  });
});

describe('linux.render', () => {
  const cases: readonly (readonly [string, RouteChange, readonly string[]])[] = [
    ['adds', add('10.1.0.0/24', '192.0.2.2'), [`route add 10.1.0.0/24 via 192.0.2.2 ${MARK}`]],
    [
      'names device and onlink where they are given',
      add('10.1.0.0/24', '192.0.2.2%eth1!'),
      [`route add 10.1.0.0/24 via 192.0.2.2 dev eth1 onlink ${MARK}`],
    ],
    [
      'puts the mark before several next hops',
      add('2001:db8:1::/64', '2001:db8::2', 'fe80::3%eth1'),
      [
        `route add 2001:db8:1::/64 ${MARK} nexthop via 2001:db8::2 weight 1 nexthop via fe80::3 dev eth1 weight 1`,
      ],
    ],
    [
      'puts an IPv4 route beside the one that it replaces, and never names what may be a stranger',
      replace('10.1.0.0/24', ['192.0.2.2', '192.0.2.3'], ['192.0.2.4']),
      [`route append 10.1.0.0/24 via 192.0.2.4 ${MARK}`],
    ],
    [
      'puts an IPv6 next hop beside the one that it replaces',
      replace('2001:db8:1::/64', ['2001:db8::2'], ['2001:db8::4']),
      [`route append 2001:db8:1::/64 via 2001:db8::4 ${MARK}`],
    ],
    [
      'grows an IPv6 set before it shrinks',
      replace(
        '2001:db8:1::/64',
        ['2001:db8::2%d0', '2001:db8::3%d0'],
        ['2001:db8::3', '2001:db8::4'],
      ),
      [`route append 2001:db8:1::/64 via 2001:db8::4 ${MARK}`],
    ],
    [
      'shrinks an IPv6 set that has all that is wanted',
      replace('2001:db8:1::/64', ['2001:db8::2%d0', '2001:db8::3%d0'], ['2001:db8::3']),
      [`route del 2001:db8:1::/64 via 2001:db8::2 dev d0 ${MARK}`],
    ],
    [
      'removes by the one next hop',
      remove('10.1.0.0/24', '192.0.2.2%d0'),
      [`route del 10.1.0.0/24 via 192.0.2.2 dev d0 ${MARK}`],
    ],
    [
      'removes an IPv4 route of several next hops by its mark',
      remove('10.1.0.0/24', '192.0.2.2%d0', '192.0.2.3%d0'),
      [`route del 10.1.0.0/24 ${MARK}`],
    ],
    [
      'removes the members of an IPv6 set by name',
      remove('2001:db8:1::/64', '2001:db8::2%d0', '2001:db8::3%d0'),
      [
        `route del 2001:db8:1::/64 ${MARK} nexthop via 2001:db8::2 dev d0 weight 1 nexthop via 2001:db8::3 dev d0 weight 1`,
      ],
    ],
    [
      'removes a route without next hop by its mark',
      remove('2001:db8:1::/64'),
      [`route del 2001:db8:1::/64 ${MARK}`],
    ],
  ];

  for (const [name, change, lines] of cases) {
    it(name, () => {
      expect(linesOf(change)).to.deep.equal(lines);
    });
  }

  it('orders add, replace, remove, and makes one command per family', () => {
    const chunks = linux.render(SCOPE, [
      remove('10.1.0.0/24', '192.0.2.2'),
      add('2001:db8:1::/64', '2001:db8::2'),
      replace('10.2.0.0/24', ['192.0.2.2'], ['192.0.2.3']),
      add('10.3.0.0/24', '192.0.2.2'),
    ]);

    expect(chunks.map(({ command }) => command.argv.join(' '))).to.deep.equal([
      'ip -4 -force -batch -',
      'ip -6 -force -batch -',
    ]);
    expect(chunks.map(({ changes }) => changes.map(({ action }) => action))).to.deep.equal([
      ['add', 'replace', 'remove'],
      ['add'],
    ]);
  });

  it('keeps apart the routes of several next hops whose device may be missing, as ip would end the batch', () => {
    const chunks = linux.render(SCOPE, [
      add('10.1.0.0/24', '192.0.2.2'),
      add('10.2.0.0/24', '192.0.2.2%d9', '192.0.2.3%d9'),
      add('10.3.0.0/24', '192.0.2.2%d9'),
      add('10.4.0.0/24', '192.0.2.2', '192.0.2.3'),
      remove('10.5.0.0/24', '192.0.2.2%d9', '192.0.2.3%d9'),
    ]);

    expect(
      chunks.map(({ changes }) => changes.map((change) => prefixOf(change).text)),
    ).to.deep.equal([
      ['10.1.0.0/24', '10.3.0.0/24', '10.4.0.0/24', '10.5.0.0/24'],
      ['10.2.0.0/24'],
    ]);
  });

  it('starts another command when a chunk is full', () => {
    const { chunk } = linux.capabilities;
    const change = add('10.1.0.0/24', '192.0.2.2');

    const chunks = linux.render(SCOPE, Array<RouteChange>(chunk + 1).fill(change));

    expect(chunks.map(({ changes }) => changes.length)).to.deep.equal([chunk, 1]);
  });

  it('renders nothing for no change', () => {
    expect(linux.render(SCOPE, [])).to.deep.equal([]);
  });

  it('lets nothing reach the device of what the cloud calls its things', () => {
    const hostile = 'x\nroute flush table main\u001b[2J; `reboot` $(reboot)';
    const origin: Origin = {
      router: hostile,
      subnet: hostile,
      project: hostile,
      port: hostile,
      leg: hostile,
      network: hostile,
      floatingIp: hostile,
    };
    const after = { ...desired('10.1.0.0/24', '192.0.2.2'), origin: [origin] };
    const before = { ...installed('10.1.0.0/24', '192.0.2.3'), description: hostile };

    const lines = linesOf(
      { action: 'add', after },
      { action: 'replace', before, after },
      { action: 'remove', before, origin: [origin] },
    );

    expect(lines).to.deep.equal([
      `route add 10.1.0.0/24 via 192.0.2.2 ${MARK}`,
      `route append 10.1.0.0/24 via 192.0.2.2 ${MARK}`,
      `route del 10.1.0.0/24 via 192.0.2.3 ${MARK}`,
    ]);
  });

  it('refuses a mark that is no number', () => {
    const error = thrown(() => linux.render({ ...SCOPE, metric: Number.NaN }, []));

    expect(error.code).to.equal('UNSAFE_WORD');
  });
});

describe('linux.unsupported', () => {
  const many = Array.from({ length: 33 }, (_, i) => `192.0.2.${i + 1}`);
  const cases: readonly (readonly [string, RouteChange, string | undefined])[] = [
    ['takes an ordinary change', add('10.1.0.0/24', '192.0.2.2'), undefined],
    ['takes a removal', remove('2001:db8:1::/64', 'fe80::1%d0'), undefined],
    [
      'takes a link-local next hop with its device',
      add('2001:db8:1::/64', 'fe80::1%d0'),
      undefined,
    ],
    ['refuses a link-local next hop alone', add('2001:db8:1::/64', 'fe80::1'), 'ROUTE_REJECTED'],
    ['takes 32 next hops', add('10.1.0.0/24', ...many.slice(1)), undefined],
    ['refuses 33 next hops', add('10.1.0.0/24', ...many), 'ROUTE_REJECTED'],
    ['refuses an unsafe device', add('10.1.0.0/24', '192.0.2.2%a b'), 'UNSAFE_WORD'],
    ['refuses to name an unsafe device', remove('10.1.0.0/24', '192.0.2.2%a#b'), 'UNSAFE_WORD'],
  ];

  for (const [name, change, code] of cases) {
    it(name, () => {
      expect(linux.unsupported(change)?.code).to.equal(code);
    });
  }

  it('says what to configure for a link-local next hop', () => {
    const error = linux.unsupported(add('2001:db8:1::/64', 'fe80::1'));

    expect(error?.message).to.match(/^2001:db8:1::\/64: next hop fe80::1 is link-local: set dev /);
  });
});

describe('linux.rejections', () => {
  const changes = [
    add('10.1.0.0/24', '192.0.2.2'),
    add('10.2.0.0/24', '10.9.9.9'),
    remove('10.3.0.0/24', '192.0.2.2'),
  ] as const;

  it('finds nothing in a success', () => {
    const output = { stdout: '', stderr: '', exitCode: 0 };

    expect(linux.rejections(chunkOf(...changes), output)).to.deep.equal([]);
  });

  const texts: readonly (readonly [string, string, RegExp])[] = [
    ['RTNETLINK answers: File exists', 'ROUTE_EXISTS', /another owner/],
    ['Error: Nexthop has invalid gateway.', 'ROUTE_REJECTED', /connect the upstream/],
    ['RTNETLINK answers: No route to host', 'ROUTE_REJECTED', /connect the upstream/],
    ['RTNETLINK answers: Network is unreachable', 'ROUTE_REJECTED', /connect the upstream/],
    ['Error: Egress device not specified.', 'ROUTE_REJECTED', /set dev/],
    ['Cannot find device "d9"', 'ROUTE_REJECTED', /does not exist/],
    ['Error: Nexthop device is not up.', 'ROUTE_REJECTED', /bring the link of the device up/],
    ['Error: Something new.', 'ROUTE_REJECTED', /"Error: Something new\."$/],
  ];
  for (const [words, code, hint] of texts) {
    it(`maps "${words}" to its change`, () => {
      const rejections = linux.rejections(chunkOf(...changes), failed(words, 'Command failed -:2'));

      expect(rejections.map(({ change }) => change)).to.deep.equal([changes[1]]);
      expect(rejections.map(({ error }) => error.code)).to.deep.equal([code]);
      expect(rejections[0]?.error.message)
        .to.match(/^add 10\.2\.0\.0\/24 via 10\.9\.9\.9: the upstream says "/)
        .and.match(hint);
    });
  }

  it('does not mind that a route to remove is gone', () => {
    const output = failed('RTNETLINK answers: No such process', 'Command failed -:3');

    expect(linux.rejections(chunkOf(...changes), output)).to.deep.equal([]);
  });

  it('does not mind that what replaces a route is there beside it', () => {
    const change = replace('10.1.0.0/24', ['192.0.2.2'], ['192.0.2.3']);
    const output = failed('RTNETLINK answers: File exists', 'Command failed -:1');

    expect(linux.rejections(chunkOf(change), output)).to.deep.equal([]);
  });

  it('counts the lines of a change that has several, and names it once', () => {
    const set = replace(
      '2001:db8:1::/64',
      ['2001:db8::2', '2001:db8::3'],
      ['2001:db8::4', '2001:db8::5'],
    );
    const gone = remove('2001:db8:2::/64', '2001:db8::2');
    const output = failed(
      'Error: Something new.',
      'Command failed -:1',
      'RTNETLINK answers: No route to host',
      'Command failed -:2',
      'RTNETLINK answers: Device or resource busy',
      'Command failed -:3',
    );

    const rejections = linux.rejections(chunkOf(set, gone), output);

    expect(rejections.map(({ change, error }) => [change, error.code])).to.deep.equal([
      [set, 'ROUTE_REJECTED'],
      [gone, 'ROUTE_REJECTED'],
    ]);
  });

  const whole: readonly (readonly [string, CommandOutput, string, string])[] = [
    [
      'rights are missing',
      failed('RTNETLINK answers: Operation not permitted', 'Command failed -:1'),
      'UPSTREAM_NOT_PERMITTED',
      'CAP_NET_ADMIN',
    ],
    [
      'a line could not be read',
      failed('RTNETLINK answers: File exists', 'Command failed -:1', 'Error: "x" is a garbage.'),
      'UPSTREAM_COMMAND_FAILED',
      ': Error: "x" is a garbage.',
    ],
    ['nothing is said', failed(), 'UPSTREAM_COMMAND_FAILED', 'no message'],
    [
      'a line is named that was not sent',
      failed('Error: x', 'Command failed -:4'),
      'UPSTREAM_COMMAND_FAILED',
      'Command failed -:4',
    ],
  ];
  for (const [name, output, code, words] of whole) {
    it(`fails as a whole when ${name}`, () => {
      const error = thrown(() => linux.rejections(chunkOf(...changes), output));

      expect(error.code).to.equal(code);
      expect(error.message).to.contain(words);
    });
  }
});

describe('linux.probe', () => {
  it('asks for a removal of what cannot be there, with our mark', () => {
    expect(linux.probe(SCOPE).argv.join(' ')).to.equal(`ip -4 route del 0.0.0.0/32 ${MARK}`);
  });

  const answers: readonly (readonly [string, number, string | undefined])[] = [
    ['RTNETLINK answers: No such process', 2, undefined],
    ['Error: FIB table does not exist.', 2, undefined],
    ['', 0, undefined],
    ['RTNETLINK answers: Operation not permitted', 2, 'UPSTREAM_NOT_PERMITTED'],
    ['Error: argument "blue" is wrong: "table" value is invalid', 255, 'UPSTREAM_TABLE_UNKNOWN'],
    ['Error: Something new.', 2, 'UPSTREAM_COMMAND_FAILED'],
  ];
  for (const [stderr, exitCode, code] of answers) {
    it(`takes "${stderr}" for ${code ?? 'the right to write'}`, () => {
      const probed = (): void => {
        linux.probed(SCOPE, { stdout: '', stderr, exitCode });
      };

      if (code === undefined) {
        expect(probed).not.to.throw();
      } else {
        expect(thrown(probed).code).to.equal(code);
      }
    });
  }
});

describe('linux, beside routes', () => {
  it('has nothing to save, and knows what it said in one line', () => {
    const error = linux.refusal(add('10.1.0.0/24', '192.0.2.2'), {
      line: 'route add 10.1.0.0/24',
      text: 'RTNETLINK answers: File exists',
      refused: true,
    });

    expect([linux.save(), linux.gatherSaved()]).to.deep.equal([undefined, undefined]);
    expect(error.code).to.equal('ROUTE_EXISTS');
  });
});
