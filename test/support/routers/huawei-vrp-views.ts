/** The views of Huawei VRP and the commands that each of them knows (Huawei "Basic Configuration", command references). */
import type { AskingReply } from './cisco-cli.ts';
import { ADDRESS4, lengthOf, WORD } from './cisco-config.ts';
import { end, value, words, type Next, type Node, type Values } from './cisco-grammar.ts';
import type { Configuration, Interface } from './huawei-vrp-config.ts';
import { routeStatic, type Change, type Command } from './huawei-vrp-routes.ts';

/** The innermost view, as its prompt names it. */
export type View =
  | { readonly name: 'user' | 'system' }
  | { readonly name: 'interface' | 'vpn-instance'; readonly item: string };

/** What the router does beside changing the configuration. */
export interface Acts {
  readonly enter: (view: View) => AskingReply;
  readonly leave: (isToUserView: boolean) => AskingReply;
  readonly display: (what: 'current' | 'saved', isInterfaces: boolean) => AskingReply;
  readonly screenLength: (lines: number) => AskingReply;
  readonly save: () => AskingReply;
  readonly lock: (isLocked: boolean) => AskingReply;
  readonly commit: (trialSeconds: number | undefined) => AskingReply;
  readonly abortTrial: () => AskingReply;
  readonly clearCandidate: () => AskingReply;
}

type Act = () => AskingReply;
type Grammar = Readonly<Record<string, Next<Command<Act>>>>;

const SCREEN_LENGTH = /^(?:\d|[1-9]\d|[1-4]\d\d|50\d|51[0-2])$/;
const TRIAL_SECONDS =
  /^(?:[6-9]\d|[1-9]\d{2,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

/** What may be typed in a view. */
export function grammarOf(view: View, acts: Acts, isTwoPhase: boolean): Node<Command<Act>> {
  const anywhere = { ...displayWords(acts), quit: does(() => acts.leave(false)) };
  if (view.name === 'user') {
    return { words: { ...anywhere, ...userWords(acts, isTwoPhase) } };
  }
  const inside: Grammar = {
    ...anywhere,
    return: does(() => acts.leave(true)),
    ...(isTwoPhase ? transactionWords(acts) : {}),
  };
  if (view.name === 'system') {
    return { words: { ...inside, ...systemWords(acts) } };
  }
  return {
    words: {
      ...inside,
      ...(view.name === 'interface' ? interfaceWords(view.item) : VPN_INSTANCE_WORDS),
    },
  };
}

function does(act: Act): Next<Command<Act>> {
  return end(() => ({ act }));
}

function changes(change: (values: Values) => Change): Next<Command<Act>> {
  return end((values) => ({ change: change(values) }));
}

function displayWords({ display }: Acts): Grammar {
  return {
    display: () => ({
      words: {
        'current-configuration': () => ({
          words: { interface: does(() => display('current', true)) },
          run: () => ({ act: () => display('current', false) }),
        }),
        'saved-configuration': does(() => display('saved', false)),
      },
    }),
  };
}

function userWords(acts: Acts, isTwoPhase: boolean): Grammar {
  const lock = (isLocked: boolean): Grammar =>
    words(
      'configuration exclusive',
      does(() => acts.lock(isLocked)),
    );
  return {
    'system-view': does(() => acts.enter({ name: 'system' })),
    save: does(() => acts.save()),
    'screen-length': value('lines', SCREEN_LENGTH, () => ({
      words: {
        temporary: end((values) => ({ act: () => acts.screenLength(Number(values['lines'])) })),
      },
    })),
    ...(isTwoPhase ? { ...lock(true), undo: () => ({ words: lock(false) }) } : {}),
  };
}

function transactionWords(acts: Acts): Grammar {
  const trial: Next<Command<Act>> = () => ({
    values: [
      {
        name: 'seconds',
        fits: TRIAL_SECONDS,
        next: end((values) => ({ act: () => acts.commit(Number(values['seconds'])) })),
      },
    ],
    run: () => ({ act: () => acts.commit(600) }),
  });
  return {
    commit: () => ({ words: { trial }, run: () => ({ act: () => acts.commit(undefined) }) }),
    ...words(
      'abort trial',
      does(() => acts.abortTrial()),
    ),
    ...words(
      'clear configuration candidate',
      does(() => acts.clearCandidate()),
    ),
  };
}

function systemWords({ enter }: Acts): Grammar {
  return {
    ip: () => ({
      words: {
        'route-static': routeStatic(4, false),
        'vpn-instance': value(
          'name',
          WORD,
          end(({ name = '' }) => ({
            change: (configuration) => {
              configuration.vrfs = [...new Set([...configuration.vrfs, name])];
              enter({ name: 'vpn-instance', item: name });
              return '';
            },
          })),
        ),
      },
    }),
    ipv6: () => ({ words: { 'route-static': routeStatic(6, false) } }),
    undo: () => ({
      words: {
        ...words('ip route-static', routeStatic(4, true)),
        ...words('ipv6 route-static', routeStatic(6, true)),
      },
    }),
    interface: value(
      'name',
      WORD,
      end(({ name = '' }) => ({
        change: (configuration) => {
          interfaceOf(configuration, name);
          enter({ name: 'interface', item: name });
          return '';
        },
      })),
    ),
  };
}

const NOTHING: Next<Command<Act>> = changes(() => () => '');

const VPN_INSTANCE_WORDS: Grammar = {
  'ipv4-family': NOTHING,
  'ipv6-family': NOTHING,
  'route-distinguisher': value('rd', WORD, NOTHING),
};

function interfaceWords(name: string): Grammar {
  const address = (line: (values: Values) => string): Next<Command<Act>> =>
    changes((values) => (configuration) => {
      interfaceOf(configuration, name).addresses.push(line(values));
      return '';
    });
  return {
    ip: () => ({
      words: {
        address: value(
          'address',
          ADDRESS4,
          value(
            'mask',
            ADDRESS4,
            changes(({ address: own = '', mask = '' }) => (configuration) => {
              if (lengthOf(mask) === undefined) {
                return "Error: Wrong parameter found at '^' position.";
              }
              interfaceOf(configuration, name).addresses.push(`ip address ${own} ${mask}`);
              return '';
            }),
          ),
        ),
        ...words(
          'binding vpn-instance',
          value(
            'vrf',
            WORD,
            changes(
              ({ vrf = '' }) =>
                (configuration) =>
                  bind(configuration, name, vrf),
            ),
          ),
        ),
      },
    }),
    ipv6: () => ({
      words: {
        enable: NOTHING,
        address: value(
          'address',
          /\/\d+$/,
          address(({ address: own = '' }) => `ipv6 address ${own.toUpperCase()}`),
        ),
      },
    }),
    ...words('undo shutdown', NOTHING),
  };
}

/** A binding deletes the addresses that the interface has. */
function bind(configuration: Configuration, name: string, vrf: string): string {
  if (!configuration.vrfs.includes(vrf)) {
    return 'Error: The VPN instance does not exist.';
  }
  configuration.interfaces.set(name, { vrf, addresses: [] });
  return '';
}

function interfaceOf({ interfaces }: Configuration, name: string): Interface {
  const found = interfaces.get(name) ?? { vrf: undefined, addresses: [] };
  interfaces.set(name, found);
  return found;
}
