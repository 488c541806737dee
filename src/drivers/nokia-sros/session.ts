/**
 * Both CLIs of SR OS: prompts, failures, secrets (Nokia MD-CLI User Guide; prompts and patterns of scrapli_community,
 * netmiko and ytti/oxidized). The line above the MD-CLI's prompt, which tells the mode, is no part of the prompt.
 */
import type { CliLine } from '../driver.ts';
import type { SessionDefinition } from '../session.ts';

/** What the other CLI, or the same one in another mode, says to a command. */
export const UNKNOWN = /MINOR: |Error: |Bad [Cc]ommand|Invalid parameter/;

function perhaps(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ text, harmless: UNKNOWN }));
}

/** Leaves a configuration mode of the MD-CLI, and does nothing outside of it. */
export const QUIT: CliLine = {
  text: 'quit-config',
  harmless: UNKNOWN,
  // Asked only where something is left in the candidate.
  answers: [{ question: /Discard uncommitted changes\? \[y,n\]/, answer: 'y' }],
};

/** The same without effect. */
export const LEAVE: readonly CliLine[] = [...perhaps('discard'), QUIT];

export const SROS_SESSION: SessionDefinition = {
  prompt: /^[*!]?[A-D]:(?:[\w.-]{1,32}@)?[\w.-]{1,64}#\s?$/,
  configuring: /^[*!]?[A-D]:[\w.-]{1,64}>[\w>.-]{1,200}[#$]\s?$/,
  toPrompt: [...LEAVE, ...perhaps('exit all')],
  setup: perhaps(
    'environment more false',
    'environment no more',
    'environment console width 512',
    'environment command-completion space false',
    'environment progress-indicator admin-state disable',
  ),
  failures: [
    /^(?:MINOR|MAJOR|CRITICAL): /,
    /^Error: /,
    /^(?:Bad Command|Bad command)[:.]/,
    /^Invalid parameter/,
  ],
  busy: [
    /#2052: /,
    /datastore access unavailable|(?:datastore|configuration) (?:is )?locked|commit in progress/i,
  ],
  pager: /Press any key to continue \(Q to quit\)/,
  chatter: [
    // The mode above the prompt, and its time where that is shown.
    /^[*!]*(?:\((?:ex|pr|gl|ro)\))?\[[^\]]*\]$/,
    /^\d{4}-\d\d-\d\dT[\d:.+-]+Z?$/,
    /^INFO: CLI #\d+/,
    /^\d+ \d{4}\/\d\d\/\d\d [\d:.]+ \w+ (?:CRITICAL|MAJOR|MINOR|WARNING|INDETERMINATE):/,
  ],
  redact: [
    /\b(?:password|secret|authentication-key|auth-key|hmac-\S+|pre-shared-key|key|community)\s+"?(?<secret>[^\s"]+)/,
    /\b(?:\w+-)?(?:key|password|secret)\s+"(?<secret>[^"]+)"\s+hash2?/,
  ],
  // Classic consoles have small buffers.
  window: 20,
  lineLength: 500,
};
