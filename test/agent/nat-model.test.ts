import { expect } from 'chai';

import { detectNatModel } from '../../src/agent/nat-model.ts';

const OVN = { agent_type: 'OVN Controller Gateway agent', alive: true };
const L3 = { agent_type: 'L3 agent', alive: true };
const DHCP = { agent_type: 'DHCP agent', alive: true };
const SCHEDULER = 'l3_agent_scheduler';

describe('detectNatModel', () => {
  for (const { what, agents, extensions = [], want } of [
    { what: 'an OVN controller', agents: [OVN], want: 'ovn' },
    {
      what: 'a plain OVN controller agent',
      agents: [{ ...OVN, agent_type: 'OVN Controller agent' }],
      want: 'ovn',
    },
    { what: 'an L3 agent', agents: [L3, DHCP], want: 'ovs' },
    {
      what: 'an L3 agent beside a dead OVN controller',
      agents: [L3, { ...OVN, alive: false }],
      want: 'ovs',
    },
    {
      what: 'an OVN controller beside a dead L3 agent',
      agents: [{ ...L3, alive: false }, OVN],
      want: 'ovn',
    },
    {
      what: 'no agent, but the extension of the L3 agents',
      agents: [],
      extensions: ['router', SCHEDULER],
      want: 'ovs',
    },
  ] as const) {
    it(`takes ${what} for ${want}`, () => {
      expect(detectNatModel(agents, extensions)).to.equal(want);
    });
  }

  for (const { what, agents } of [
    { what: 'nobody', agents: [] },
    { what: 'other agents only', agents: [DHCP] },
    { what: 'both kinds', agents: [L3, OVN] },
  ]) {
    it(`asks for the setting where it sees ${what}`, () => {
      expect(() => detectNatModel(agents, ['router']))
        .to.throw(/set cloud\.natModel to ovs or ovn$/)
        .that.includes({ code: 'CLOUD_NAT_MODEL_UNKNOWN' });
    });
  }
});
