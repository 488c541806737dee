/**
 * The CLI of Cisco IOS and IOS-XE: prompts, failures, secrets (prompts and patterns of ansible-collections/cisco.ios,
 * scrapli and ytti/oxidized; Cisco IOS Configuration Fundamentals).
 */
import { lines } from '../kit/script.ts';
import type { SessionDefinition } from '../session.ts';

/** A syslog message, with or without its number and time. */
export const SYSLOG = /^(?:[*.]?[\w.: ]+: )?%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+:/;

/** Secrets of a configuration, in clear text or as their hash. */
export const SECRETS: readonly RegExp[] = [
  /\b(?:password|secret|passphrase|community|pre-shared-key|key-string|md5|key)\s+(?:(?:\d{1,2}|encrypted|hex|ascii|sha512)\s+)*(?<secret>\S+)/i,
  /^\s*crypto isakmp key (?:\d\s+)?(?<secret>\S+)/,
];

export const CISCO_IOS_SESSION: SessionDefinition = {
  prompt: /^[\w.@/:-]{1,63}#\s?$/,
  unprivileged: { prompt: /^[\w.@/:-]{1,63}>\s?$/, line: 'enable' },
  configuring: /^[\w.@/:-]{1,63}\([\w.@/:+-]{1,40}\)#\s?$/,
  toPrompt: lines('end'),
  setup: [
    { text: 'terminal length 0' },
    // Some switches have no width beyond that of their console.
    { text: 'terminal width 512', harmless: /Invalid input/ },
  ],
  failures: [
    // A warning is none, nor is a syslog message.
    /^% ?(?!Warning|[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-)[A-Za-z]/,
    /^Command (?:authorization failed|rejected)/i,
    /^Configuration mode (?:is )?locked/i,
    /^startup-config file open failed/,
  ],
  busy: [/^Configuration mode (?:is )?locked/im, /^startup-config file open failed/m],
  pager: /--\s?More\s?--/,
  chatter: [SYSLOG, /^Rollback Confirmed Change:/, /^\*{3}/],
  redact: SECRETS,
  // The input buffer of a console takes no more.
  window: 8,
  lineLength: 254,
};
