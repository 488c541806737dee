import { expect } from 'chai';
import fc from 'fast-check';

import { openEnvelope } from '../../../src/agent/events/envelope.ts';
import {
  isNothing,
  NOTHING_TOUCHED,
  type Touched,
  touchedTogether,
} from '../../../src/agent/events/touched.ts';
import { touchedBy } from '../../../src/agent/events/touched-by.ts';
import { enveloped, RECORDED } from './recorded.ts';

const ROUTER = '0f0b87dc-ea9c-431c-aa36-ea7c87fa9e72';
const NETWORK = 'c149605e-be52-4eda-af66-eb6b2151c98e';
const SUBNET = '945455e7-2b5d-4b3e-b4f8-df38b5bbd6f6';
const INTERFACE_PORT = 'c90768bc-94e3-4b95-bade-b2a9666ba05e';
const VM_PORT = '11dc18bc-0c2e-4499-8586-02b3e88bcb9b';
const FLOATING_IP = '1bf27128-c8f1-4572-bc6d-c435c165d1e9';
const LEG = '688c1c56-e501-4742-a68f-b3fb471bf3c3';

const TENANT_INTERFACE = { routers: [ROUTER], ports: [INTERFACE_PORT] };
const LEG_INTERFACE = { routers: [ROUTER], ports: [LEG] };

/** Of every recorded action, by hand. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'network-create': { networks: [NETWORK] },
  'subnet-create': { subnets: [SUBNET], networks: [NETWORK] },
  'router-create': { routers: [ROUTER] },
  'interface-add-subnet': TENANT_INTERFACE,
  'gateway-set-no-snat': { routers: [ROUTER] },
  'gateway-snat-on': { routers: [ROUTER] },
  'gateway-change-fixed-ip': { routers: [ROUTER] },
  'extra-routes-set': { routers: [ROUTER] },
  'extra-routes-clear': { routers: [ROUTER] },
  'router-admin-state-down': { routers: [ROUTER] },
  'port-create-on-tenant-net': { ports: [VM_PORT] },
  'floatingip-create-associated': { floatingips: [FLOATING_IP], routers: [ROUTER] },
  'floatingip-disassociate': { floatingips: [FLOATING_IP] },
  'floatingip-delete': { floatingips: [FLOATING_IP] },
  'port-delete': { ports: [VM_PORT] },
  'gateway-clear': { routers: [ROUTER] },
  'interface-remove-subnet': TENANT_INTERFACE,
  'port-create-on-public': { ports: [LEG] },
  'interface-add-port-on-public': LEG_INTERFACE,
  'router-port-change-fixed-ip': { ports: [LEG] },
  'interface-remove-port-on-public': LEG_INTERFACE,
  'router-delete-refused-409': {},
  'subnet-update-name': { subnets: [SUBNET], networks: [NETWORK] },
  'tag-add-on-router': { routers: [ROUTER] },
  'subnet-delete': { subnets: [SUBNET], networks: [NETWORK] },
  'router-delete': { routers: [ROUTER] },
  'network-delete': { networks: [NETWORK] },
};

function idsOf(touched: Touched): Readonly<Record<string, readonly string[]>> {
  const { everything, ...kinds } = touched;
  expect(everything).to.equal(false);
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, ids]) => (ids.size === 0 ? [] : [[kind, [...ids]]])),
  );
}

function touchedByBody(body: Buffer): Touched {
  const notification = openEnvelope(body);
  return notification === undefined ? NOTHING_TOUCHED : touchedBy(notification);
}

const event = (eventType: string, payload: unknown): Touched => touchedBy({ eventType, payload });

describe('touchedBy', () => {
  for (const [action, { notifications }] of Object.entries(RECORDED)) {
    it(`of the recorded ${action.replaceAll('-', ' ')}`, () => {
      const touched = notifications.map((message) => touchedByBody(enveloped(message)));

      expect(idsOf(touched.reduce(touchedTogether, NOTHING_TOUCHED))).to.deep.equal(
        EXPECTED[action],
      );
    });
  }

  it('never acts on what is only begun, for it may be refused', () => {
    const begun = Object.values(RECORDED)
      .flatMap(({ notifications }) => notifications)
      .filter(({ event_type }) => event_type.endsWith('.start'));

    expect(begun).to.have.length.above(20);
    for (const message of begun) {
      expect(isNothing(touchedByBody(enveloped(message)))).to.equal(true);
    }
  });

  it('takes all objects of a bulk request', () => {
    const ports = [
      { id: 'p1', device_id: 'r1' },
      { id: 'p2', device_id: '' },
    ];

    expect(idsOf(event('port.create.end', { ports }))).to.deep.equal({
      ports: ['p1', 'p2'],
    });
    expect(idsOf(event('network.create.end', { networks: [{ id: 'n1' }] }))).to.deep.equal({
      networks: ['n1'],
    });
    expect(
      idsOf(event('subnet.create.end', { subnets: [{ id: 's1', network_id: 'n1' }] })),
    ).to.deep.equal({ subnets: ['s1'], networks: ['n1'] });
  });

  it('knows the parent of a tag by its older and its newer name', () => {
    for (const [kind, action] of [
      ['subnets', 'create'],
      ['routers', 'update'],
      ['networks', 'delete'],
      ['ports', 'delete_all'],
    ] as const) {
      const newer = { obj_resource: kind, obj_resource_id: 'x', tags: ['a'] };
      const older = { parent_resource: kind, parent_resource_id: 'x' };

      expect(idsOf(event(`tag.${action}.end`, newer))).to.deep.equal({ [kind]: ['x'] });
      expect(idsOf(event(`tag.${action}.end`, older))).to.deep.equal({ [kind]: ['x'] });
    }
    const of = (kind: string) => ({ parent_resource: kind, parent_resource_id: 'x' });
    expect(isNothing(event('tag.create.end', of('security_groups')))).to.equal(true);
    expect(isNothing(event('tag.create.end', of('__proto__')))).to.equal(true);
  });

  it('reads everything where nobody says what is touched', () => {
    for (const name of ['subnetpool.update.end', 'address_scope.delete.end']) {
      expect(event(name, { anything: 1 }).everything).to.equal(true);
    }
    expect(isNothing(event('subnetpool.update.start', {}))).to.equal(true);
  });

  it('follows a policy that makes a network external', () => {
    const policy = { object_type: 'network', object_id: 'n1', action: 'access_as_external' };

    expect(idsOf(event('rbac_policy.create.end', { rbac_policy: policy }))).to.deep.equal({
      networks: ['n1'],
    });
    const other = { rbac_policy: { ...policy, object_type: 'qos_policy' } };
    expect(isNothing(event('rbac_policy.create.end', other))).to.equal(true);
  });

  it('is not touched by what decides over no route', () => {
    for (const name of [
      'security_group_rule.create.end',
      'router.exists',
      'l3_agent.router.add',
      'router.interface.update',
      'constructor.update.end',
      '__proto__.update.end',
      '',
    ]) {
      const payload = { id: 'x', router: { id: 'x' }, agent: { id: 'a', router_id: 'r' } };
      expect(isNothing(event(name, payload)), name).to.equal(true);
    }
  });

  it('believes no id that is none', () => {
    const hostile = ['', '..', '-rf', 'a b', 'a/../b', 'é', 'x'.repeat(256), 7, null, {}, ['r']];
    const found = hostile.map((id) => event('router.update.end', { router: { id } }));

    // A list of ids has its place in subnet_ids only, and does no harm elsewhere.
    expect(found.map(idsOf).filter((ids) => Object.keys(ids).length > 0)).to.deep.equal([
      { routers: ['r'] },
    ]);
  });

  it('reads everything rather than a thousand objects one by one', () => {
    const ports = Array.from({ length: 1001 }, (_, index) => ({ id: `p${index}` }));

    expect(event('port.create.end', { ports }).everything).to.equal(true);
    expect(event('port.create.end', { ports: ports.slice(1) }).everything).to.equal(false);
  });

  it('survives any JSON in any place', () => {
    const names = fc.constantFrom(
      'router.update.end',
      'router.interface.create',
      'port.create.end',
      'tag.create.end',
      'rbac_policy.delete.end',
      'subnet.delete.end',
      'floatingip.update.end',
    );
    const keys = fc.constantFrom('router', 'router_interface', 'ports', 'port', 'id', 'subnet_ids');
    const payload = fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue()));
    fc.assert(
      fc.property(fc.oneof(names, fc.string()), payload, (eventType, given) => {
        const body = enveloped({ event_type: eventType, payload: given });
        const { everything, ...kinds } = touchedByBody(body);

        for (const id of Object.values(kinds).flatMap((ids) => [...ids])) {
          expect(id).to.match(/^[\w.:-]{1,255}$/);
        }
        return !everything;
      }),
    );
  });
});
