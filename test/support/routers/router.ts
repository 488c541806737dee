/**
 * What a simulated router is: a strict model of one OS's CLI and configuration, without any way in of its own. Unit
 * tests speak with it in this process; test/support/router-server.ts puts a real SSH server before it.
 */
import type { RouterOs } from '../../../src/drivers/index.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';

export interface RouterModel {
  readonly os: RouterOs;
  /** What the pager shows at the end of a page, such as ` --More-- `. */
  readonly pager: string;
  /** A router that has just started; throws if the OS would not load the configuration. */
  readonly boot: (options: BootOptions) => Router;
}

export interface BootOptions {
  readonly hostname: string;
  /** Startup configuration in the OS's own notation: interfaces with addresses, VRFs, static routes of others. */
  readonly config: string;
  /** Milliseconds; timers of confirmed commits and revert timers follow it, and are looked at before each line. */
  readonly now: () => number;
  /** One of the driver's dialects; default: the first. */
  readonly dialect?: string;
  /** Passwords: for the login (checked by the SSH server) and for the privileged mode where the OS has one. */
  readonly enableSecret?: string;
  /** Log in as an unprivileged user who may not configure. */
  readonly readOnly?: boolean;
}

export interface Router {
  /** One login; several may be open at once, and locks of the OS hold between them. */
  readonly login: (user: string) => Cli;
  /** The static paths of the running configuration, in the device's own order: the truth that tests compare with. */
  readonly running: () => readonly StaticPath[];
  /** The same of what would survive a restart. */
  readonly startup: () => readonly StaticPath[];
}

/** One login session at its prompt. */
export interface Cli {
  /** What the device prints when it waits for a line; may have several lines (`[edit]\nuser@host# `). */
  readonly prompt: () => string;
  /** One complete line without its end; blank lines included. */
  readonly enter: (line: string) => Reply;
  /** Ctrl-C, Ctrl-Z or Ctrl-D at the prompt or at a question. */
  readonly control: (key: 'c' | 'z' | 'd') => Reply;
  /** The page and line size that the session has now; 0 is without limit. */
  readonly terminal: () => { readonly length: number; readonly width: number };
  /** The connection is lost: what the OS does then happens now (locks, private candidates, sessions). */
  readonly hangUp: () => void;
}

/** What the device does with one line. */
export interface Reply {
  /** Lines end in `\n`; empty if the device says nothing. */
  readonly text: string;
  /** Asks in the middle of a line; the next line that is entered is the answer. */
  readonly question?: string;
  /** Reads lines without a prompt from now on until Ctrl-D. */
  readonly reads?: true;
  /** Ends the session after the text. */
  readonly closes?: true;
}
