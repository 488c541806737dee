/** The configuration mode of Cisco IOS, as far as static routes need it, and `show running-config`. */
import { leaveTo, push, SILENT, told, type Login, type Mode } from './cisco-cli.ts';
import {
  ADDRESS4,
  addressesOf,
  INTERFACE,
  interfaceOf,
  lengthOf,
  maskOf,
  PREFIX6,
  WORD,
  type Configuration,
} from './cisco-config.ts';
import { end, value, words, type Next, type Node } from './cisco-grammar.ts';
import { ipRoute, ipv6Route, routeLine } from './cisco-ios-routes.ts';
import type { Reply } from './router.ts';

const ALL: RegExp = /^.*$/;

/** The global configuration mode. */
export function globalMode(configuration: () => Configuration, login: Login): Mode {
  return { suffix: '(config)#', grammar: () => globalGrammar(configuration(), login) };
}

function globalGrammar(configuration: Configuration, login: Login): Node<Reply> {
  const leave: Next<Reply> = end(() => leaveTo(login, 1));
  const routes = (isNo: boolean): Readonly<Record<string, Next<Reply>>> => ({
    ip: () => ({ words: { route: ipRoute(configuration, isNo), ...words('routing', silently) } }),
    ipv6: () => ({
      words: { route: ipv6Route(configuration, isNo), ...words('unicast-routing', silently) },
    }),
  });
  return {
    words: {
      ...routes(false),
      no: () => ({ words: routes(true) }),
      hostname: value(
        'name',
        WORD,
        set((name) => (configuration.hostname = name)),
      ),
      vrf: () => ({
        words: {
          definition: value(
            'name',
            WORD,
            set((name) => defineVrf(configuration, login, name)),
          ),
        },
      }),
      interface: value(
        'name',
        INTERFACE,
        set((name) => push(login, interfaceMode(configuration, name, login))),
      ),
      archive: end(() => push(login, archiveMode(configuration, login))),
      end: leave,
      exit: leave,
    },
  };
}

const silently: Next<Reply> = end(() => SILENT);

/** Runs with the value `name`. */
function set(run: (name: string) => unknown): Next<Reply> {
  return end((values) => {
    run(values['name'] ?? '');
    return SILENT;
  });
}

function defineVrf(configuration: Configuration, login: Login, name: string): Reply {
  const families = configuration.vrfs.get(name) ?? new Set<4 | 6>();
  configuration.vrfs.set(name, families);
  const family = (of: 4 | 6): Next<Reply> =>
    end(() => {
      families.add(of);
      return push(login, { suffix: '(config-vrf-af)#', grammar: () => FAMILY, isOpen: true });
    });
  const grammar: Node<Reply> = {
    words: {
      rd: value('rd', WORD, silently),
      'address-family': () => ({ words: { ipv4: family(4), ipv6: family(6) } }),
      exit: end(() => leaveOne(login)),
    },
  };
  const FAMILY: Node<Reply> = {
    words: { 'exit-address-family': end(() => leaveOne(login)), exit: end(() => leaveOne(login)) },
  };
  return push(login, { suffix: '(config-vrf)#', grammar: () => grammar, isOpen: true });
}

function leaveOne(login: Login): Reply {
  return leaveTo(login, login.modes.length - 1);
}

function interfaceMode(configuration: Configuration, name: string, login: Login): Mode {
  const held = interfaceOf(configuration, name);
  const hold = (text: string): Reply => {
    held.addresses.push(text);
    return SILENT;
  };
  const grammar: Node<Reply> = {
    words: {
      ip: () => ({
        words: {
          address: value(
            'address',
            ADDRESS4,
            value('mask', ADDRESS4, () => ({
              words: words(
                'secondary',
                end(({ address, mask }) => hold4(address, mask)),
              ),
              run: ({ address, mask }) => hold4(address, mask),
            })),
          ),
        },
      }),
      ipv6: () => ({
        words: {
          address: value(
            'prefix',
            PREFIX6,
            end(({ prefix = '' }) => hold(prefix.toLowerCase())),
          ),
        },
      }),
      vrf: () => ({
        words: {
          forwarding: value('name', WORD, (values) => ({
            run: () => {
              const { name: vrf = '' } = values;
              if (!configuration.vrfs.has(vrf)) {
                return told(`%VRF ${vrf} not configured`);
              }
              held.vrf = vrf;
              held.addresses.length = 0;
              return SILENT;
            },
          })),
        },
      }),
      description: () => ({ values: [{ name: 'text', fits: ALL, next: silently, isLine: true }] }),
      shutdown: end(() => {
        held.isDown = true;
        return SILENT;
      }),
      no: () => ({ words: words('shutdown', silently) }),
      exit: end(() => leaveOne(login)),
    },
  };
  const hold4 = (address = '', mask = ''): Reply => {
    const length = lengthOf(mask);
    return length === undefined
      ? told(`Bad mask ${mask} for address ${address}`)
      : hold(`${address}/${length}`);
  };
  return { suffix: '(config-if)#', grammar: () => grammar, isOpen: true };
}

function archiveMode(configuration: Configuration, login: Login): Mode {
  const path = value(
    'name',
    WORD,
    set((name) => (configuration.archive = name)),
  );
  const exit: Next<Reply> = end(() => leaveOne(login));
  return { suffix: '(config-archive)#', grammar: () => ({ words: { path, exit } }), isOpen: true };
}

/** The text of a configuration, as `show running-config` has it. */
export function configurationText(configuration: Configuration): readonly string[] {
  const { hostname, vrfs, interfaces, routes, archive } = configuration;
  return [
    '!',
    'version 17.9',
    `hostname ${hostname}`,
    '!',
    'enable secret 9 $9$bm90LWEtcmVhbC1zZWNyZXQ',
    '!',
    ...[...vrfs].flatMap(([name, families]) => [
      `vrf definition ${name}`,
      ...[...families].flatMap((family) => [
        ' !',
        ` address-family ipv${family}`,
        ' exit-address-family',
      ]),
      '!',
    ]),
    ...(archive === undefined ? [] : ['archive', ` path ${archive}`]),
    ...[...interfaces].flatMap(([name, held]) => [
      `interface ${name}`,
      ...(held.vrf === undefined ? [] : [` vrf forwarding ${held.vrf}`]),
      ...addressesOf(held, 4).map(
        ({ address, length }) => ` ip address ${address} ${maskOf(Number(length))}`,
      ),
      ...addressesOf(held, 6).map(
        ({ address, length }) => ` ipv6 address ${address.toUpperCase()}/${length}`,
      ),
      ...(held.isDown ? [' shutdown'] : []),
      '!',
    ]),
    ...routes.map(routeLine),
    '!',
    'end',
  ];
}
