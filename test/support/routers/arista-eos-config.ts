/** The configuration modes of Arista EOS, as far as static routes need them, and `show running-config`. */
import { routeLine, routeNode } from './arista-eos-routes.ts';
import { leaveTo, push, SILENT, told, type Login, type Mode } from './cisco-cli.ts';
import {
  addressesOf,
  INTERFACE,
  interfaceOf,
  PREFIX4,
  PREFIX6,
  WORD,
  type Configuration,
} from './cisco-config.ts';
import { end, value, words, type Next, type Node } from './cisco-grammar.ts';
import type { Reply } from './router.ts';

const silently: Next<Reply> = end(() => SILENT);

/** What may be configured; `prompt` is the part of the prompt that names the mode: `config`, `config-s-change`. */
export function configureNode(
  configuration: Configuration,
  login: Login,
  prompt: string,
): Node<Reply> {
  const route = (family: 4 | 6, isNo: boolean): Next<Reply> =>
    routeNode(configuration, family, isNo);
  const routing: Next<Reply> = () => ({
    words: { vrf: value('name', WORD, silently) },
    run: () => SILENT,
  });
  const leave: Next<Reply> = end(() => leaveTo(login, 1));
  return {
    words: {
      ip: () => ({ words: { route: route(4, false), routing } }),
      ipv6: () => ({ words: { route: route(6, false), 'unicast-routing': routing } }),
      no: () => ({
        words: {
          ip: () => ({ words: { route: route(4, true) } }),
          ipv6: () => ({ words: { route: route(6, true) } }),
        },
      }),
      hostname: value('name', WORD, ({ name = '' }) => ({
        run: () => {
          configuration.hostname = name;
          return SILENT;
        },
      })),
      vrf: () => ({
        words: {
          instance: value(
            'name',
            WORD,
            end(({ name = '' }) => defineVrf(configuration, login, { name, prompt })),
          ),
        },
      }),
      interface: value(
        'name',
        INTERFACE,
        end(({ name = '' }) => push(login, interfaceMode(configuration, login, { name, prompt }))),
      ),
      end: leave,
      exit: leave,
    },
  };
}

interface Named {
  readonly name: string;
  readonly prompt: string;
}

function leaveOne(login: Login): Next<Reply> {
  return end(() => leaveTo(login, login.modes.length - 1));
}

function defineVrf(configuration: Configuration, login: Login, { name, prompt }: Named): Reply {
  configuration.vrfs.set(name, new Set([4, 6]));
  const grammar: Node<Reply> = {
    words: { rd: value('rd', WORD, silently), exit: leaveOne(login) },
  };
  return push(login, { suffix: `(${prompt}-vrf-${name})#`, grammar: () => grammar, isOpen: true });
}

function interfaceMode(configuration: Configuration, login: Login, { name, prompt }: Named): Mode {
  const held = interfaceOf(configuration, name);
  const hold: Next<Reply> = ({ prefix = '' }) => ({
    run: () => {
      held.addresses.push(prefix.toLowerCase());
      return SILENT;
    },
    words: words(
      'secondary',
      end(() => {
        held.addresses.push(prefix);
        return SILENT;
      }),
    ),
  });
  const grammar: Node<Reply> = {
    words: {
      ip: () => ({ words: { address: value('prefix', PREFIX4, hold) } }),
      ipv6: () => ({ words: { address: value('prefix', PREFIX6, hold) } }),
      vrf: value('name', WORD, ({ name: vrf = '' }) => ({
        run: () => {
          if (!configuration.vrfs.has(vrf)) {
            return told(`% VRF ${vrf} does not exist`);
          }
          held.vrf = vrf;
          held.addresses.length = 0;
          return SILENT;
        },
      })),
      no: () => ({ words: { switchport: silently, shutdown: silently } }),
      exit: leaveOne(login),
    },
  };
  return { suffix: `(${prompt}-if-${name})#`, grammar: () => grammar, isOpen: true };
}

/** The text of a configuration, as `show running-config` has it. */
export function configurationText(
  configuration: Configuration,
  command: string,
): readonly string[] {
  const { hostname, vrfs, interfaces, routes } = configuration;
  return [
    `! Command: ${command}`,
    `! device: ${hostname} (vEOS-lab, EOS-4.29.2F)`,
    '!',
    `hostname ${hostname}`,
    '!',
    'username admin privilege 15 secret sha512 $6$bm90$LWEtcmVhbC1zZWNyZXQ',
    '!',
    ...[...vrfs.keys()].flatMap((name) => [`vrf instance ${name}`, '!']),
    ...[...interfaces].flatMap(([name, held]) => [
      `interface ${name}`,
      '   no switchport',
      ...(held.vrf === undefined ? [] : [`   vrf ${held.vrf}`]),
      ...addressesOf(held, 4).map(({ address, length }) => `   ip address ${address}/${length}`),
      ...addressesOf(held, 6).map(({ address, length }) => `   ipv6 address ${address}/${length}`),
      '!',
    ]),
    ...routes.map(routeLine),
    '!',
    'end',
  ];
}
