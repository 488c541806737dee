/** SQL that copies the rows of one router in Neutron's database many times, and that deletes the copies. Pure. */

/** What was made through the API: the router, its networks, subnets and ports, and all that Neutron wrote for them. */
export interface Template {
  /** Every id among them, in whichever table: each copy gets new ones. */
  readonly ids: readonly string[];
  /** `standardattributes.id` of every object that has one. */
  readonly attributes: readonly string[];
  /** Of its networks. */
  readonly vnis: readonly string[];
  /** The address of its gateway port; the copies have the ones after it. */
  readonly gatewayAddress: string;
}

export interface CopyRequest {
  readonly template: Template;
  /** Column names by table. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** How many. */
  readonly copies: number;
  readonly subnets: number;
}

/** The start of every name. */
export const FILL_NAME = 'bench-fill';
/** The description of every copied object. */
const MARK = 'bench-fill-copy';

/** Tables in the order of their references, with the column that tells whose row it is. */
const TABLES = {
  networks: 'id',
  networksegments: 'network_id',
  networksecuritybindings: 'network_id',
  subnets: 'network_id',
  network_subnet_lock: 'network_id',
  ipallocationpools: 'subnet_id',
  ipamsubnets: 'neutron_subnet_id',
  ipamallocationpools: 'ipam_subnet_id',
  ports: 'id',
  portsecuritybindings: 'port_id',
  ml2_port_bindings: 'port_id',
  ml2_port_binding_levels: 'port_id',
  ipallocations: 'port_id',
  routers: 'id',
  routerports: 'router_id',
  router_extra_attributes: 'router_id',
  ovn_revision_numbers: 'resource_uuid',
} as const;

/** The tables whose columns have to be known. */
export const COPIED_TABLES: readonly string[] = [
  ...Object.keys(TABLES),
  'standardattributes',
  'ipamallocations',
];

/** The ids of the template; each row is `kind, value`. */
export const TEMPLATE_SQL = `
create temporary table found (id varchar(36) primary key);
insert into found select id from routers where name = '${FILL_NAME}-0';
insert into found select id from networks where name like '${FILL_NAME}-0-%';
insert into found select id from subnets where name like '${FILL_NAME}-0-%';
insert into found select id from ports where device_id in (select id from routers where name = '${FILL_NAME}-0');
insert into found select id from networksegments where network_id in (select id from networks where name like '${FILL_NAME}-0-%');
insert into found select id from ipallocationpools where subnet_id in (select id from subnets where name like '${FILL_NAME}-0-%');
insert into found select id from ipamsubnets where neutron_subnet_id in (select id from subnets where name like '${FILL_NAME}-0-%');
insert into found select id from ipamallocationpools where ipam_subnet_id in
  (select i.id from ipamsubnets i join subnets s on s.id = i.neutron_subnet_id where s.name like '${FILL_NAME}-0-%');
select 'id', id from found;
${['networks', 'networksegments', 'subnets', 'ports', 'routers']
  .map((table) => `select 'attribute', standard_attr_id from ${table} join found using (id);`)
  .join('\n')}
select 'vni', segmentation_id from networksegments join found using (id);
select 'gateway', ip_address from ipallocations a join routers r on r.gw_port_id = a.port_id where r.name = '${FILL_NAME}-0';
`;

/** Makes the copies 1, 2, 3 ...: one statement a table. */
export function copySql(request: CopyRequest): string {
  const { template, copies, subnets } = request;
  const { ids, attributes, vnis, gatewayAddress } = template;
  const numbers = `seq_1_to_${copies}`;
  const insert = (table: string, where: string): string => {
    const columns = request.columns.get(table) ?? [];
    const values = columns.map((column) => copyOf(table, column, request)).join(', ');
    const names = columns.map((column) => `\`${column}\``).join(', ');
    return `insert into ${table} (${names}) select ${values} from ${table} join ${numbers} where ${where};`;
  };
  return [
    'start transaction;',
    'select max(id) + 1000 into @base from standardattributes;',
    'create temporary table free_vnis (place int primary key, vni int);',
    `insert into free_vnis select row_number() over (order by geneve_vni desc), geneve_vni
     from ml2_geneve_allocations where allocated = 0 limit ${(copies + 1) * subnets};`,
    insert('standardattributes', `id in (${attributes.join()})`),
    ...Object.entries(TABLES).map(([table, column]) =>
      insert(table, `${column} in (${quoted(ids)})`),
    ),
    insert(
      'ipamallocations',
      `ipam_subnet_id in (${quoted(ids)}) or ip_address = '${gatewayAddress}'`,
    ),
    // Neutron's maintenance would write every object to OVN whose numbers differ.
    `update ovn_revision_numbers o join standardattributes s on s.id = o.standard_attr_id
     set o.revision_number = s.revision_number where s.description = '${MARK}';`,
    `update ml2_geneve_allocations join networksegments on geneve_vni = segmentation_id
     set allocated = 1 where network_type = 'geneve';`,
    'commit;',
    vnis.length === subnets
      ? ''
      : `signal sqlstate '45000' set message_text = 'not one network a subnet';`,
  ].join('\n');
}

/** Deletes the copies; most rows go with the `standardattributes` that they refer to. */
export const DELETE_SQL = [
  'start transaction;',
  'create temporary table copies (id bigint primary key);',
  `insert into copies select id from standardattributes where description = '${MARK}';`,
  `update ml2_geneve_allocations join networksegments on geneve_vni = segmentation_id
   join copies on copies.id = standard_attr_id set allocated = 0;`,
  `delete i from ipamallocations i join ipallocations a using (ip_address) join routers r on r.gw_port_id = a.port_id
   join copies on copies.id = r.standard_attr_id;`,
  `delete i from ipamsubnets i join subnets s on s.id = i.neutron_subnet_id
   join copies on copies.id = s.standard_attr_id;`,
  'delete o from ovn_revision_numbers o join copies on copies.id = o.standard_attr_id;',
  'update routers join copies on copies.id = standard_attr_id set gw_port_id = null;',
  ...['routers', 'ports', 'subnets', 'networks'].map(
    (type) =>
      `delete s from standardattributes s join copies using (id) where s.resource_type = '${type}';`,
  ),
  'delete s from standardattributes s join copies using (id);',
  'commit;',
].join('\n');

/** The value of a column in copy number `seq`. */
function copyOf(table: string, column: string, request: CopyRequest): string {
  const { ids, attributes } = request.template;
  const attribute = `@base + seq * ${attributes.length} + field(\`${column}\`, ${attributes.join()})`;
  if (table === 'standardattributes') {
    return column === 'id' ? attribute : column === 'description' ? `'${MARK}'` : column;
  }
  if (column === 'standard_attr_id') {
    return attribute;
  }
  if (ADDRESSES.has(column)) {
    return addressCopy(column, request);
  }
  const changed = changedColumns(request)[column];
  // The template's own ids, in whichever column they are.
  const isId = /(^|_)(id|uuid)$/.test(column);
  return changed ?? (isId ? idCopy(column, ids) : `\`${column}\``);
}

const ADDRESSES: ReadonlySet<string> = new Set([
  'cidr',
  'gateway_ip',
  'first_ip',
  'last_ip',
  'ip_address',
]);

function changedColumns({
  template: { vnis },
  subnets,
}: CopyRequest): Readonly<Record<string, string>> {
  const place = `seq * ${subnets} + field(segmentation_id, ${vnis.join()})`;
  const digits = `concat('fa:16:3e:', left(md5(concat(mac_address, seq)), 6))`;
  return {
    segmentation_id: `(select vni from free_vnis where place = ${place})`,
    mac_address: `insert(insert(${digits}, 12, 0, ':'), 15, 0, ':')`,
    name: `replace(name, '${FILL_NAME}-0', concat('${FILL_NAME}-', seq))`,
  };
}

/** The template's subnet j is 10.128.j.0/24, that of copy n is the one with the number n * subnets + j. */
function addressCopy(column: string, { template, subnets }: CopyRequest): string {
  const number = `(seq * ${subnets} + substring_index(substring_index(${column}, '.', 3), '.', -1))`;
  const tenant = `concat('10.', 128 + ${number} div 256, '.', ${number} mod 256, '.', substring_index(${column}, '.', -1))`;
  return `case when ${column} like '10.128.%' then ${tenant} when ${column} = '${template.gatewayAddress}'
    then inet_ntoa(inet_aton(${column}) + seq) else ${column} end`;
}

/** Another UUID for the template's own ids, the same one in every table. */
function idCopy(column: string, ids: readonly string[]): string {
  const dashes = [9, 14, 19, 24].reduce(
    (text, place) => `insert(${text}, ${place}, 0, '-')`,
    `md5(concat(\`${column}\`, seq))`,
  );
  return `if(\`${column}\` in (${quoted(ids)}), ${dashes}, \`${column}\`)`;
}

function quoted(ids: readonly string[]): string {
  return ids.map((id) => `'${id}'`).join();
}
