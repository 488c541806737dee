/**
 * The CLI of Cisco NX-OS: prompts, failures, secrets (prompts and patterns of ansible-collections/cisco.nxos, scrapli and
 * ytti/oxidized; Cisco Nexus 9000 Fundamentals Configuration Guide).
 */
import { SECRETS } from '../cisco-ios/session.ts';
import { lines } from '../kit/script.ts';
import type { SessionDefinition } from '../session.ts';

/** How to speak with NX-OS. */
export const CISCO_NXOS_SESSION: SessionDefinition = {
  prompt: /^[\w.-]{1,64}(?:\(maint-mode\))?# ?$/,
  configuring: /^[\w.-]{1,64}(?:\(maint-mode\))?\(conf[\w.\-@/:+]{0,40}\)# ?$/,
  toPrompt: lines('end'),
  setup: [
    { text: 'terminal length 0' },
    { text: 'terminal width 511' },
    // Releases that cannot be told so ask all the same.
    { text: 'terminal dont-ask', harmless: /Invalid/ },
  ],
  failures: [
    // A syslog message is none.
    /^\s*% ?(?![A-Z][\w-]*-\d-)[A-Za-z]/,
    /^\s*(?:ERROR|Error|Syntax error)\b/,
    /^Rollback failed/i,
    /^Verification failed/i,
  ],
  busy: [/\block(?:ed)?\b/i, /in progress/i],
  pager: /--\s?More\s?--/,
  chatter: [
    /^\d{4} \w{3} +\d+ [\d:.]+ \S+ (?:%\$.*%\$ )?%[\w-]+-\d-\w+:/,
    /^(?:Warning|WARNING|Note|ADVISORY): /,
  ],
  redact: [
    ...SECRETS,
    /\bpriv(?: aes-128)? (?<secret>\S+)/,
    /^\s*snmp-server host .* version (?:1|2c) (?<secret>\S+)/,
  ],
  // The input buffer of a console takes no more.
  window: 10,
  lineLength: 500,
};
