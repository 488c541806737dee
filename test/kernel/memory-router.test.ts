/** The router in memory against the kernel: the same commands give the same refusals and the same routes. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { UpstreamState } from '../../src/core/route.ts';
import { memoryRouter } from '../../src/demo/memory-router.ts';
import { linux } from '../../src/drivers/linux.ts';
import { localTransport } from '../../src/transport/local.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { SCOPE } from '../drivers/routes.ts';
import { makeNamespace } from './namespace.ts';

const SIGNAL = new AbortController().signal;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

interface Words {
  readonly family: 4 | 6;
  readonly prefixes: readonly string[];
  readonly gateways: readonly string[];
}

/** The last two gateways are on no connected network, and on d1 alone. */
const IPV4: Words = {
  family: 4,
  prefixes: ['10.1.0.0/24', '10.1.0.9'],
  gateways: ['192.0.2.2', '192.0.2.3', '192.0.2.4', '10.99.0.1', '198.51.100.2'],
};
const IPV6: Words = {
  family: 6,
  prefixes: ['2001:db8:1::/64', '2001:db8:2::9'],
  gateways: ['2001:db8::2', '2001:db8::3', '2001:db8::4', '2001:db8:ffff::1', 'fe80::2'],
};

function hop(gateways: readonly string[]): fc.Arbitrary<string> {
  const device = fc.constantFrom('', '', '', ' dev d0', ' dev d0 onlink', ' dev d9');
  return fc.tuple(fc.constantFrom(...gateways), device).map(([via, dev]) => `via ${via}${dev}`);
}

function hops(gateways: readonly string[]): fc.Arbitrary<string> {
  const several = fc
    .uniqueArray(hop(gateways), { minLength: 2, maxLength: 3, selector: gatewayOf })
    .map((each) => each.map((words) => `nexthop ${words} weight 1`).join(' '));
  return fc.oneof(hop(gateways), hop(gateways), several);
}

function gatewayOf(words: string): string {
  return words.split(' ')[1] ?? '';
}

/** One line of a batch: any change, with our mark or another one. */
function line({ prefixes, gateways }: Words): fc.Arbitrary<string> {
  const prefix = fc.constantFrom(...prefixes);
  const mark = fc
    .tuple(fc.constantFrom('201', '201', '4'), fc.constantFrom('1024', '1024', '50'))
    .map(([protocol, metric]) => `proto ${protocol} metric ${metric} table main`);
  const unicast = fc
    .tuple(
      fc.constantFrom('add', 'add', 'replace', 'append', 'change', 'del'),
      prefix,
      mark,
      hops(gateways),
    )
    .map((words) => ['route', ...words].join(' '));
  const other = fc
    .tuple(fc.constantFrom('add blackhole', 'del'), prefix, mark)
    .map((words) => ['route', ...words].join(' '));
  return fc.oneof({ arbitrary: unicast, weight: 5 }, { arbitrary: other, weight: 1 });
}

/** What the router says to each line. */
async function answers(to: Transport, family: 4 | 6, lines: readonly string[]) {
  const stdin = lines.map((text) => `${text}\n`).join('');
  const argv = ['ip', `-${family}`, '-force', '-batch', '-'] as const;
  const { stderr, exitCode } = await to.run({ argv, stdin }, SIGNAL);
  return { refusals: stderr.split('\n'), exitCode };
}

/** The routes as text in one order; the order of routes with the same prefix is kept. */
async function routes(of: Transport): Promise<readonly string[]> {
  const outputs = await Promise.all(linux.gather(SCOPE).map((command) => of.run(command, SIGNAL)));
  const state: UpstreamState = linux.parse(SCOPE, outputs);
  return state.routes
    .filter(({ kind }) => kind === 'static')
    .map(({ prefix, owned, description }) => `${prefix.text} ${owned} ${description}`)
    .sort();
}

describe('memoryRouter on the kernel', () => {
  for (const words of [IPV4, IPV6]) {
    it(`answers as the kernel does, IPv${words.family} (seed ${SEED})`, async function conformance() {
      this.timeout(120_000);
      const property = fc.asyncProperty(
        fc.array(line(words), { minLength: 1, maxLength: 12 }),
        async (lines) => {
          const namespace = makeNamespace();
          try {
            const kernel = localTransport({ netns: namespace.name });
            const memory = memoryRouter({
              interfaces: [
                { device: 'd0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
                { device: 'd1', addresses: ['198.51.100.1/24'] },
              ],
            });

            const real = await answers(kernel, words.family, lines);
            const simulated = await answers(memory, words.family, lines);

            expect(simulated).to.deep.equal(real);
            expect(await routes(memory)).to.deep.equal(await routes(kernel));
          } finally {
            namespace.close();
          }
        },
      );
      await fc.assert(property, { numRuns: 60, seed: SEED });
    });
  }
});
