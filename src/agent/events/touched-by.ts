/**
 * Which objects a notification touched. Only ids are believed, and only what is done counts: a refused request sends
 * `.start` and no `.end`. The events are those of Neutron's pecan_wsgi/hooks/notifier.py (`RESOURCE.ACTION.end`, with
 * the resource, or a list of them where several were made at once), db/l3_db.py (router interfaces) and
 * extensions/tagging.py.
 */
import { ID_PATTERN } from '../../openstack-client-lite/index.ts';
import { isMapping, type Mapping, type Notification } from './envelope.ts';
import { NOTHING_TOUCHED, type Touched, type TouchedKind } from './touched.ts';

/** One message with more ids is of no use for a targeted reading. */
const MAX_IDS = 1000;

const EVERYTHING: Touched = { ...NOTHING_TOUCHED, everything: true };

/** Under which keys of a payload, or of the object in it, the ids of which collection are. */
type IdKeys = Readonly<Record<string, TouchedKind>>;

interface Resource {
  /** The key of the payload that holds one object; a bulk request has a list under `many`. */
  readonly one: string;
  readonly many?: string;
  readonly ids: IdKeys;
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  router: { one: 'router', many: 'routers', ids: { id: 'routers' } },
  // Not its device: that of a VM's port is the VM, and a router tells of its own interfaces.
  port: { one: 'port', many: 'ports', ids: { id: 'ports' } },
  subnet: { one: 'subnet', many: 'subnets', ids: { id: 'subnets', network_id: 'networks' } },
  network: { one: 'network', many: 'networks', ids: { id: 'networks' } },
  floatingip: {
    one: 'floatingip',
    many: 'floatingips',
    ids: { id: 'floatingips', router_id: 'routers' },
  },
};

/** These have no `.start`, and come when the interface is there. */
const INTERFACE_EVENTS: ReadonlySet<string> = new Set([
  'router.interface.create',
  'router.interface.delete',
]);

/** Not network and subnet: they did not change, and where they are external ones they would concern every router. */
const INTERFACE_IDS: IdKeys = { id: 'routers', port_id: 'ports' };

/** Beside the object, a deletion names it once more. */
const DELETED_IDS: IdKeys = {
  router_id: 'routers',
  port_id: 'ports',
  subnet_id: 'subnets',
  network_id: 'networks',
  floatingip_id: 'floatingips',
};

const DONE = /^([a-z_]{1,64})\.(create|update|delete|delete_all)\.end$/;

/** The ids in the payload; nothing for events that decide over no route. */
export function touchedBy({ eventType, payload }: Notification): Touched {
  if (!isMapping(payload)) {
    return NOTHING_TOUCHED;
  }
  if (INTERFACE_EVENTS.has(eventType)) {
    return collected([[payload['router_interface'], INTERFACE_IDS]]);
  }
  const [, name = ''] = DONE.exec(eventType) ?? [];
  switch (name) {
    case 'subnetpool':
    case 'address_scope':
      // The policy may name them, and nobody says which subnets are theirs.
      return EVERYTHING;
    case 'tag':
      return tagged(payload);
    case 'rbac_policy':
      return shared(payload['rbac_policy']);
    default:
      return Object.hasOwn(RESOURCES, name) ? objectsOf(payload, RESOURCES[name]) : NOTHING_TOUCHED;
  }
}

function objectsOf(payload: Mapping, resource: Resource | undefined): Touched {
  if (resource === undefined) {
    return NOTHING_TOUCHED;
  }
  const { one, many = '', ids } = resource;
  const list = payload[many];
  const objects: readonly unknown[] = Array.isArray(list) ? list : [];
  return collected([
    [payload, DELETED_IDS],
    ...[payload[one], ...objects].map((object) => [object, ids] as const),
  ]);
}

/** Later releases (2025.1) call the parent `obj_resource`. */
function tagged(payload: Mapping): Touched {
  const kind = payload['parent_resource'] ?? payload['obj_resource'];
  const id = payload['parent_resource_id'] ?? payload['obj_resource_id'];
  return isTouchedKind(kind) ? collected([[{ id }, { id: kind }]]) : NOTHING_TOUCHED;
}

/** The policy `access_as_external` makes a network external, and no event of the network tells. */
function shared(policy: unknown): Touched {
  return isMapping(policy) && policy['object_type'] === 'network'
    ? collected([[policy, { object_id: 'networks' }]])
    : NOTHING_TOUCHED;
}

function isTouchedKind(kind: unknown): kind is TouchedKind {
  return typeof kind === 'string' && Object.values(DELETED_IDS).some((known) => known === kind);
}

/** The ids that the objects hold, each under the keys given for it. */
function collected(objects: readonly (readonly [object: unknown, ids: IdKeys])[]): Touched {
  const found = {
    routers: new Set<string>(),
    ports: new Set<string>(),
    subnets: new Set<string>(),
    networks: new Set<string>(),
    floatingips: new Set<string>(),
  };
  let count = 0;
  for (const [object, ids] of objects) {
    for (const [key, kind] of Object.entries(ids)) {
      const values = isMapping(object) ? idsAt(object, key) : [];
      values.forEach((id) => found[kind].add(id));
      count += values.length;
    }
    if (count > MAX_IDS) {
      return EVERYTHING;
    }
  }
  return { ...found, everything: false };
}

function idsAt(object: Mapping, key: string): readonly string[] {
  const value: unknown = Object.hasOwn(object, key) ? object[key] : undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((id) => typeof id === 'string' && ID_PATTERN.test(id)) as readonly string[];
}
