/**
 * The console of MikroTik RouterOS 6 and 7: login options, prompts, failures, secrets (RouterOS documentation: Command
 * Line Interface, "Console login process"; patterns of netmiko, scrapli, ytti/oxidized, ansible community.routeros).
 */
import { lines } from '../kit/script.ts';
import type { SessionDefinition } from '../session.ts';

/** How to speak with RouterOS. Safe mode is never entered: it takes back all after its hundredth action. */
export const MIKROTIK_ROUTEROS_SESSION: SessionDefinition = {
  // No colours, a dumb terminal that nobody asks for its size, and that size: so long that nothing is paged.
  login: (user) => `${user}+cet511w4098h`,
  prompt: /^\[[^\s@[\]]{1,64}@[^[\]]{1,64}\] > ?$/,
  configuring:
    /^\[[^\s@[\]]{1,64}@[^[\]]{1,64}\] (?:\/[\w /-]{1,80}>|(?:\/[\w /-]{1,80})?<SAFE>) ?$/,
  toPrompt: lines('/'),
  setup: [],
  greeting: [{ question: /see the software license\? \[Y\/n\]/i, answer: 'n' }],
  failures: [
    /^\s*(?:failure|error): ?\S/i,
    /^\s*(?:bad command name|no such command|expected |syntax error|unknown parameter)/,
    /^\s*(?:invalid (?:value|internal item)|value of |missing value|input does not match)/,
    /^\s*(?:ambiguous value|more than one possible value|no such item|not enough permissions)/,
    /^\s*(?:action (?:timed out|failed)|interrupted|couldn't |can ?not )/,
  ],
  busy: [/action timed out/],
  pager: /^-- \[Q quit\|.*\]$/,
  chatter: [/^(?:\d{4}-\d\d-\d\d )?(?:[a-z]{3}\/\d\d(?:\/\d{4})? )?\d\d:\d\d:\d\d echo: /],
  redact: [
    /\b(?:password|passphrase|secret|pin|[\w-]+-(?:key|secret|password|pin)|psk)=(?<secret>"(?:[^"\\]|\\.)*"|[^\s;]+)/,
  ],
  // The console redraws what it reads: what comes before its prompt would be lost in that.
  window: 1,
  lineLength: 2000,
};
