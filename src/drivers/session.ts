/** How to speak with the CLI of a router OS: data only. The session itself is transport/cli-session.ts. */
import type { Answer, CliLine } from './driver.ts';

/**
 * All patterns of prompts are matched against the last line of what came, cleaned of escape sequences, while the device
 * is silent; they must match a whole line (`^...$`) and nothing that a banner or an answer is likely to end in.
 */
export interface SessionDefinition {
  /** The user name to log in with, where the console takes options in it (RouterOS). Default: as configured. */
  readonly login?: (user: string) => string;
  /** Where commands that read are taken and scripts begin. */
  readonly prompt: RegExp;
  /** What stands before a privilege that has to be asked for; `line` asks, and a password may be wanted for it. */
  readonly unprivileged?: { readonly prompt: RegExp; readonly line: string };
  /** A shell that some users land in, and the line that starts the CLI there. */
  readonly shell?: { readonly prompt: RegExp; readonly line: string };
  /** The prompts of configuration modes. */
  readonly configuring?: RegExp;
  /** Sent one after another until {@link prompt} is back: leaves configuration without effect. */
  readonly toPrompt: readonly CliLine[];
  /** Sent after the login: paging off, width up, completion and colours off. What a device may not know has `harmless`. */
  readonly setup: readonly CliLine[];
  /** Questions that may come at the login, before the first prompt. */
  readonly greeting?: readonly Answer[];
  /** An answer that fits one of them refuses the line. Tried on each line of the answer. */
  readonly failures: readonly RegExp[];
  /** The device does not take configuration at this moment (lock, commit of another); a later try may succeed. */
  readonly busy?: readonly RegExp[];
  /** What a pager shows although it was switched off; a space brings the next page. */
  readonly pager: RegExp;
  /** Lines that the device writes at any time and that belong to no answer: syslog, commit and reload notices. */
  readonly chatter: readonly RegExp[];
  /** Secrets in answers; what the group `secret` of a match holds is masked wherever output is shown or recorded. */
  readonly redact: readonly RegExp[];
  /** How many lines may be on their way before their prompts are back: the input buffers of routers are small. */
  readonly window: number;
  /** The longest line that the device takes, in characters. */
  readonly lineLength: number;
}
