/**
 * The CLI of Cisco IOS XR: prompts, failures, secrets (prompts and patterns of ansible-collections/cisco.iosxr, netmiko,
 * scrapli and ytti/oxidized; texts of sessions, trials and locks as recorded from IOS XRv 9000 24.3.1).
 */
import { SECRETS } from '../cisco-ios/session.ts';
import type { SessionDefinition } from '../session.ts';

/** How to speak with IOS XR. */
export const CISCO_IOSXR_SESSION: SessionDefinition = {
  prompt: /^(?:RP\/\d+\/\w+\/CPU\d+:)?[\w.-]{1,64}# ?$/,
  configuring: /^(?:RP\/\d+\/\w+\/CPU\d+:)?[\w.-]{1,64}\(config[\w.\-@/:]{0,60}\)# ?$/,
  // `end` would ask what to do with what is not committed.
  toPrompt: [
    { text: 'abort', answers: [{ question: /Do you wish to exit\? \[no\]/, answer: 'yes' }] },
  ],
  setup: [
    { text: 'terminal length 0' },
    { text: 'terminal width 512' },
    // Else a line with the time comes before each answer.
    { text: 'terminal exec prompt no-timestamp', harmless: /Invalid input/ },
  ],
  failures: [
    // Said of a policy that is typed again, and of a commit that confirms the one before it.
    /^\s*% ?(?!WARNING|Confirming commit)[A-Za-z]/,
    /^Cannot enter exclusive mode/i,
    /^One or more commits have occurred/,
    /^No changes will be saved/,
  ],
  busy: [
    /^Can ?not enter exclusive mode/im,
    /^One or more commits have occurred/m,
    /unexpired trial|concurrent trial|locked by/i,
  ],
  pager: /--\s?More\s?--/,
  chatter: [/^(?:RP|LC|SC)\/\d+\/\w+\/CPU\d+:.*%[\w-]+-\d-\w+/, /^\w{3} \w{3} +\d+ [\d:.]+ \w+$/],
  redact: [/\bkey-string password (?<secret>\S+)/, ...SECRETS],
  window: 10,
  lineLength: 500,
};
