/** What of an upstream is about routers other than the Linux kernel: place, mark, transactions, persistence. */
import type { z } from 'zod';

import { choice, section, seconds, whole, word } from './fields.ts';

const MAX_UINT32 = 4_294_967_295;

const absolutePath = (what: string): z.ZodString =>
  word(
    /^(?!.*\.\.)\/[\w./-]{1,200}$/,
    `${what} as an absolute path of letters, digits, "_", ".", "-"`,
  );

const bird = section({
  file4: absolutePath('a file')
    .default('/etc/bird/route-sync4.conf')
    .describe('What BIRD includes in our `protocol static` for IPv4; nobody else writes it.'),
  file6: absolutePath('a file')
    .default('/etc/bird/route-sync6.conf')
    .describe('The same for IPv6.'),
  socket: absolutePath('a socket')
    .default('/run/bird/bird.ctl')
    .describe('The control socket of BIRD.'),
});

/** Keys of an upstream that are for every OS but linux. */
export const deviceKeys = {
  vrf: word(/^[A-Za-z0-9][\w.:-]{0,63}$/, 'the name of a VRF or routing instance')
    .optional()
    .describe('VRF, routing instance or service that holds the routes. Default: the global one.'),
  distance: whole(1, 255)
    .optional()
    .describe(
      'Administrative distance (preference) of our routes. Default: that of the router OS.',
    ),
  tag: whole(1, MAX_UINT32)
    .optional()
    .describe(
      'The route tag that is our mark, where the OS marks by tag. Default: made from `owner`, see docs/routers.md.',
    ),
  markName: word(
    /^[A-Za-z][\w.:-]{0,62}$/,
    'a name of letters, digits, "_", ".", ":" and "-" that begins with a letter (at most 63)',
  )
    .optional()
    .describe(
      'The name, description, comment, group, label or protocol that is our mark, where the OS marks by one. Default: `route-sync-OWNER`.',
    ),
  dialect: word(/^[a-z0-9][a-z0-9.-]{0,15}$/, 'a version or kind of CLI')
    .optional()
    .describe(
      'Which CLI the router has, where an OS has several: vyos 1.4, 1.3; mikrotik-routeros 7, 6; huawei-vrp 8, 5; nokia-sros md, classic; juniper-junos tag, group; frr shell, vtysh. Default: the first.',
    ),
  confirmSeconds: seconds(0, 3600)
    .optional()
    .describe(
      'How long a commit waits for its confirmation before the router takes it back by itself; 0 for plain commits. Default: 300 where the OS has confirmed commits; none on cisco-ios (needs `archive`) and cisco-nxos (checkpoint).',
    ),
  save: choice(['always', 'on-change-window', 'never'])
    .optional()
    .describe(
      'When the running configuration is saved on routers that keep two: after every change, at most once in `saveWindowSeconds` after changes, or never. Default: on-change-window.',
    ),
  saveWindowSeconds: seconds(0, 86_400)
    .optional()
    .describe('The window of `save: on-change-window`. Default: 900.'),
  bird: bird.optional().describe('BIRD only: its files and its socket.'),
} as const;
