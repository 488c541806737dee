/**
 * The parts of undici that are used. The package as a whole also loads its fetch, WebSocket, caches and mocks, and with
 * them Node's own copy of undici: tens of milliseconds at the start of every command, and memory for as long as an agent
 * runs. What its index.js does for dispatchers is done here; its version is pinned, and the types are the package's own.
 */
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type * as undici from 'undici';

// Its parser of HTTP is WebAssembly, which is fast enough as it is loaded. To optimize one function of it takes 10 MiB on
// another thread, where they stay with the allocator. V8 optimizes the function of that number only: there is none.
setFlagsFromString('--wasm-tier-up-filter=2147483647');

const load = createRequire(import.meta.url);
const { prototype } = load('undici/lib/dispatcher/dispatcher.js') as typeof undici.Dispatcher;
Object.assign(prototype, load('undici/lib/api/index.js'));

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof undici.Agent;
export const ProxyAgent = load('undici/lib/dispatcher/proxy-agent.js') as typeof undici.ProxyAgent;
