/**
 * The CLI of VyOS: prompts, failures, secrets (vyos/vyatta-cfg for the words of the configuration mode; a session
 * recorded by ytti/oxidized; terminal settings of ansible-collections/vyos.vyos).
 */
import { lines } from '../kit/script.ts';
import type { SessionDefinition } from '../session.ts';

export const VYOS_SESSION: SessionDefinition = {
  // `>` is the prompt of a user who may only look.
  prompt: /^[\w.-]+@[\w.-]+(?::\S*\$|>)\s?$/,
  configuring: /^[\w.-]+@[\w.-]+#\s?$/,
  toPrompt: lines('exit discard'),
  setup: lines('set terminal length 0', 'set terminal width 512'),
  failures: [
    /^\s*(?:Invalid|Ambiguous|Incomplete) command\b/,
    /^\s*Configuration path: .* is (?:not valid|ambiguous)/,
    /^\s*Specified config(?:uration)? path is not valid/,
    /^\s*(?:Set|Delete|Commit) failed/,
    /^\s*Value validation failed/,
    /^\s*"[^"]*" is not a valid\b/,
    /^\s*(?:delete )?\[.*\] failed/,
    /^\s*Configuration system temporarily locked/,
    /^\s*Failed to generate committed config/,
    /^\s*Cannot exit: configuration modified/,
    /^\s*VyOS had an issue completing a command/,
    /^-?v?bash: /,
    /^cat: /,
  ],
  busy: [/Configuration system temporarily locked/],
  pager: /^:\s?$|--More--|\(END\)\s?$/,
  chatter: [
    /^Message from \S+ on \S+ at /,
    /^Active configuration has been changed by user /,
    /^Please make sure you do not have conflicting changes\./,
    /^the current changes by issuing 'exit discard'\./,
    /^EOF$/,
  ],
  redact: [
    /\b[\w-]*(?:password|secret|passphrase|community|shared-key|private-key|md5)\s+(?<secret>'[^']*'|"[^"]*"|\S+)/i,
    /\b(?:private|shared)\s+key\s+(?<secret>'[^']*'|"[^"]*"|\S+)/i,
    /\b[a-z]+:\/\/[^:\s/]+:(?<secret>[^@\s]+)@/i,
  ],
  // Each line starts a program, and what was typed meanwhile waits in the terminal.
  window: 10,
  lineLength: 4000,
};
