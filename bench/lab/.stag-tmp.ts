import { openLab } from '/work/main/bench/lab/fill-api.ts';
import { Agent, request } from 'undici';
import { setTimeout as sleep } from 'node:timers/promises';
import { execSync } from 'node:child_process';
const lab = await openLab();
const f = (...n: string[]) => n.map((x) => `fields=${x}`).join('&');
const R = 'routers?' + f('id','name','project_id','admin_state_up','status','external_gateway_info','external_gateways','routes','tags','created_at','updated_at','revision_number');
const PF = f('id','device_id','device_owner','network_id','project_id','fixed_ips','admin_state_up','tags','created_at','updated_at');
const P = `ports?${PF}&device_owner=network:router_interface&device_owner=network:router_interface_distributed&device_owner=network:ha_router_replicated_interface`;
const G = `ports?${PF}&device_owner=network:router_gateway`;
const S = 'subnets?' + f('id','name','network_id','project_id','ip_version','cidr','gateway_ip','subnetpool_id','tags','created_at','updated_at','revision_number');
const N = 'networks?' + f('id','name','project_id','router:external','subnets','provider:network_type') + '&router:external=True';
const A = 'network-ip-availabilities';
const half = (d: string) => `&sort_key=id&sort_dir=${d}&limit=2600`;
async function run(urls: string[], delay: number, first = 0) {
  const dispatcher = new Agent({ connections: 8 });
  const t = performance.now();
  const all = Promise.all(urls.map(async (u, i) => { await sleep(i === 0 ? 0 : Math.max(first, delay * i)); const r = await request(`${lab.neutron}/${u}`, { dispatcher, headers: { 'x-auth-token': lab.token } }); await r.body.text(); return Math.round(performance.now() - t); }));
  await sleep(Math.max(first, delay * urls.length) + 150);
  const ws = execSync(`ss -tnpH 'dport = :9696 or sport = :9696' | grep -o 'neutron[^,]*,pid=[0-9]*' | sort | uniq -c | awk '{print $1}'`).toString().trim().replace(/\n/g, '+');
  const each = await all; const ms = Math.round(performance.now() - t); await dispatcher.close(); return [ms, ws, each.join('/')];
}
async function seq(urls: string[]) { let s = 0; for (const u of urls) { const t = performance.now(); const r = await request(`${lab.neutron}/${u}`, { headers: { 'x-auth-token': lab.token, connection: 'close' } }); await r.body.text(); s += performance.now() - t; } return [Math.round(s)]; }
const five = [R, S, P, G, N], av = [R, P, A, G, N];
const V: [string, () => Promise<unknown[]>][] = [
 ['seq five', () => seq(five)], ['five 0', () => run(five, 0)], ['five 50', () => run(five, 50)], ['five 100', () => run(five, 100)], ['five 200', () => run(five, 200)],
 ['R first, rest 150 later', () => run(five, 0, 150)],
 ['seq avail', () => seq(av)], ['avail 0', () => run(av, 0)], ['avail 100', () => run(av, 100)],
];
const out = new Map<string, unknown[][]>();
for (let i = 0; i < Number(process.argv[2]); i++) for (const [n, g] of V) out.set(n, [...(out.get(n) ?? []), await g()]);
for (const [n, rows] of out) console.log(n.padEnd(24), rows.map((r) => r.join(' ')).join(' | '));
process.exit();
