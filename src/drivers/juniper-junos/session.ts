/**
 * The CLI of Junos: prompts, failures, secrets (Junos CLI User Guide; prompts and patterns of scrapli, netmiko and
 * ytti/oxidized).
 */
import type { CliLine } from '../driver.ts';
import { lines } from '../kit/script.ts';
import type { SessionDefinition } from '../session.ts';

/** What a command is answered with that is not known, or not known where it was typed. */
export const UNKNOWN = /unknown command|syntax error/i;

/** Leaves configuration mode without effect, and does nothing outside of it. */
export const LEAVE: readonly CliLine[] = [
  { text: 'rollback 0', harmless: UNKNOWN },
  {
    text: 'exit configuration-mode',
    harmless: UNKNOWN,
    // Asked only where `rollback 0` was refused.
    answers: [{ question: /Exit with(?:out committing| uncommitted) changes\?/i, answer: 'yes' }],
  },
];

export const JUNOS_SESSION: SessionDefinition = {
  prompt: /^[\w.-]+@[\w.:()/-]+>\s?$/,
  configuring: /^[\w.-]+@[\w.:()/-]+#\s?$/,
  // Root lands in the shell of FreeBSD.
  shell: { prompt: /^(?:[\w.-]+@[\w.-]*(?::\S*)?\s?)?(?:%|:\S+ #)\s?$/, line: 'cli' },
  toPrompt: LEAVE,
  setup: lines(
    'set cli screen-length 0',
    'set cli screen-width 1024',
    'set cli complete-on-space off',
  ),
  failures: [
    /^(?:unknown command|syntax error|missing (?:mandatory )?argument|no valid completions)/i,
    /^(?:error: |invalid |terminal:\d+:)/i,
    /\bis ambiguous\b/,
  ],
  busy: [
    /configuration database (?:is )?(?:locked|modified)/i,
    /^error: (?:another )?commit (?:is )?(?:already )?in progress/im,
  ],
  pager: /---\(more[^)]*\)---/,
  chatter: [
    /^\{[\w:.-]+\}(?:\[edit[^\]]*\])?$/,
    /^\[edit[^\]]*\]$/,
    /^# commit confirmed will be rolled back/,
    /^(?:Broadcast )?Message from /,
  ],
  redact: [
    /\b(?:secret|encrypted-password|authentication-key|pre-shared-key \S+|key|simple-password|md5 \S+ key)\s+"?(?<secret>[^\s";]+)/,
    /(?<secret>\$(?:1|5|6|8|9|sha1)\$[^\s";]+)/,
    /\bsnmp community\s+"?(?<secret>[^\s";]+)/,
    /^\s*community\s+"?(?<secret>[^\s";]+)"?\s*\{/,
    /\/\/[^\s:/@]+:(?<secret>[^\s/@]+)@/,
  ],
  window: 20,
  lineLength: 1000,
};
