/** The table of nat.ts, row by row and with what lies between the rows. */
import { expect } from 'chai';
import { natAnswer, type NatAnswer, type NatQuestion } from '../../src/core/nat.ts';

const none = undefined;

/** legScope, subnetScope, enableSnat -> answer. */
type Row = readonly [string | undefined, string | undefined, boolean, NatAnswer];

interface Block {
  readonly title: string;
  readonly question: Pick<NatQuestion, 'natModel' | 'family' | 'legKind'>;
  readonly rows: readonly Row[];
}

const BLOCKS: readonly Block[] = [
  {
    title: 'ML2/OVS, IPv4, gateway: SNAT unless off or exempt by one scope of both sides',
    question: { natModel: 'ovs', family: 4, legKind: 'gateway' },
    rows: [
      [none, none, false, 'routed'],
      [none, none, true, 'snat'],
      ['s', 's', false, 'routed'],
      ['s', 's', true, 'routed'],
      ['s', 't', false, 'scope-mismatch'],
      ['s', 't', true, 'scope-mismatch'],
      ['s', none, false, 'scope-mismatch'],
      ['s', none, true, 'scope-mismatch'],
      [none, 's', false, 'scope-mismatch'],
      [none, 's', true, 'scope-mismatch'],
    ],
  },
  {
    title: 'ML2/OVS, IPv4, interface: never NATed, but the scopes must be equal',
    question: { natModel: 'ovs', family: 4, legKind: 'interface' },
    rows: [
      [none, none, true, 'routed'],
      ['s', 's', true, 'routed'],
      ['s', 't', false, 'scope-mismatch'],
      [none, 's', true, 'scope-mismatch'],
    ],
  },
  {
    title: 'ML2/OVS, IPv6, gateway: never NATed, but the scopes must be equal',
    question: { natModel: 'ovs', family: 6, legKind: 'gateway' },
    rows: [
      [none, none, true, 'routed'],
      ['s', 's', true, 'routed'],
      ['s', none, false, 'scope-mismatch'],
    ],
  },
  {
    title: 'ML2/OVS, IPv6, interface: the same',
    question: { natModel: 'ovs', family: 6, legKind: 'interface' },
    rows: [
      [none, none, true, 'routed'],
      ['s', 't', true, 'scope-mismatch'],
    ],
  },
  {
    title: 'ML2/OVN, IPv4, gateway: only enable_snat counts',
    question: { natModel: 'ovn', family: 4, legKind: 'gateway' },
    rows: [
      [none, none, false, 'routed'],
      [none, none, true, 'snat'],
      ['s', 's', true, 'snat'],
      ['s', 't', false, 'routed'],
      ['s', 't', true, 'snat'],
    ],
  },
];

describe('natAnswer', () => {
  for (const { title, question, rows } of BLOCKS) {
    describe(title, () => {
      for (const [legScope, subnetScope, enableSnat, answer] of rows) {
        const scopes = `leg ${legScope ?? 'none'}, subnet ${subnetScope ?? 'none'}`;
        it(`SNAT ${enableSnat ? 'on' : 'off'}, scopes: ${scopes} -> ${answer}`, () => {
          expect(natAnswer({ ...question, legScope, subnetScope, enableSnat })).to.equal(answer);
        });
      }
    });
  }

  const rest = [
    { family: 4, legKind: 'interface' },
    { family: 6, legKind: 'gateway' },
    { family: 6, legKind: 'interface' },
  ] as const;
  for (const { family, legKind } of rest) {
    it(`ML2/OVN, IPv${family}, ${legKind}: routed, whatever SNAT and scopes say`, () => {
      for (const enableSnat of [true, false]) {
        const answers = [none, 's', 't'].map((legScope) =>
          natAnswer({ natModel: 'ovn', family, legKind, enableSnat, legScope, subnetScope: 's' }),
        );

        expect(answers).to.deep.equal(['routed', 'routed', 'routed']);
      }
    });
  }
});
