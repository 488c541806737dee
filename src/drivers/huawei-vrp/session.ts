/**
 * The CLI of Huawei VRP 5 and 8: prompts, questions, failures, secrets (Huawei's "Basic Configuration" and command
 * references; patterns of scrapli, netmiko, ytti/oxidized and ansible-collections/community.network).
 */
import type { CliLine } from '../driver.ts';
import type { SessionDefinition } from '../session.ts';

const UNKNOWN = /Unrecognized command/;

/** From any view to the user view; what was not committed is gone. */
export const RETURN: CliLine = {
  text: 'return',
  answers: [{ question: /Uncommitted configurations found.*\[Y.*\/N.*\/C.*\]/, answer: 'n' }],
  // In the user view there is nothing to return from.
  harmless: UNKNOWN,
};

/** How to speak with VRP. */
export const HUAWEI_VRP_SESSION: SessionDefinition = {
  // A trial run is confirmed in the system view that began it, so what is asked in between is asked there too.
  prompt: /^(?:HRP_[MS])?(?:<[^\s<>[\]]{1,64}>|\[[~*][^\s<>[\]]{1,64}\])$/,
  configuring: /^(?:HRP_[MS])?\[[^\s<>[\]]{1,64}\]$/,
  toPrompt: [RETURN],
  setup: [{ text: 'screen-length 0 temporary' }],
  greeting: [{ question: /Change now\? \[Y\/N\]/i, answer: 'n' }],
  failures: [/^\s*Error: ?\S/],
  busy: [/\block(?:ed)?\b|\btrial\b|is being (?:committed|configured|saved)|system is busy/i],
  pager: /^\s*-+ ?More ?-+\s*$/,
  chatter: [
    /^#?[A-Z][a-z]{2} +\d{1,2} \d{4} \d\d:\d\d:\d\d.*%%\d\d/,
    /^Info: It will take a long time/,
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: ?[+-]\d\d:\d\d)?(?: DST)?$/,
  ],
  redact: [
    /\b(?:irreversible-cipher|cipher|simple|plain) (?<secret>\S+)/,
    /\bcommunity (?:read|write) (?!cipher |simple )(?<secret>\S+)/,
    /\b(?:password|secret|key|key-string|pre-shared-key|shared-key) (?!(?:irreversible-)?cipher |simple |plain )(?<secret>\S+)/,
  ],
  window: 8,
  lineLength: 510,
};
