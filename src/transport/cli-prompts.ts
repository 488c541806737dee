/** Tells the prompts of one router from everything else that looks like a prompt. */
import type { SessionDefinition } from '../drivers/session.ts';

export type PromptKind = 'prompt' | 'configuring' | 'unprivileged' | 'shell';

export interface Prompts {
  /** What kind of prompt the text is, of whatever host. */
  kindOf(text: string): PromptKind | undefined;
  /** From now on only prompts with the host of this one are ours. */
  learn(prompt: string): void;
  /** As {@link kindOf}, and undefined for those of other hosts. */
  ownKind(text: string): PromptKind | undefined;
  /** What stands behind one of our prompts at the beginning of a line; undefined where there is none. */
  typedAt(line: string): string | undefined;
}

/** IOS cuts the name of the host in the prompts of its configuration modes. */
const KEPT = 15;
/** What prompts end in. */
const ENDS = /[^\p{L}\p{N}]/u;
/** A prompt is not longer. */
const LONGEST = 300;

export function promptsOf(definition: SessionDefinition): Prompts {
  const { prompt, configuring, unprivileged, shell } = definition;
  const patterns: readonly (readonly [PromptKind, RegExp | undefined])[] = [
    ['prompt', prompt],
    ['configuring', configuring],
    ['unprivileged', unprivileged?.prompt],
    ['shell', shell?.prompt],
  ];
  let host = '';

  function kindOf(text: string): PromptKind | undefined {
    return text.length > LONGEST
      ? undefined
      : patterns.find(([, pattern]) => pattern?.test(text) === true)?.[0];
  }

  function ownKind(text: string): PromptKind | undefined {
    return text.includes(host) ? kindOf(text) : undefined;
  }

  return {
    kindOf,
    learn: (text) => {
      host = hostIn(text);
    },
    ownKind,
    typedAt: (line) => {
      let typed: string | undefined;
      // A line that is drawn twice has its prompt twice.
      for (let rest = behind(line); rest !== undefined; rest = behind(rest)) {
        typed = rest;
      }
      return typed;
    },
  };

  /** What stands behind the prompt that the line begins with. */
  function behind(line: string): string | undefined {
    const beginning = line.slice(0, LONGEST);
    const from = beginning.indexOf(host);
    if (from === -1) {
      return undefined;
    }
    for (let end = from + host.length + 1; end <= beginning.length; end += 1) {
      if (ENDS.test(line.charAt(end - 1)) && ownKind(line.slice(0, end)) !== undefined) {
        return line.slice(end).trim();
      }
    }
    return undefined;
  }
}

/** The part of a prompt that no change of the mode touches: `user@host`, or the last name outside of brackets. */
function hostIn(prompt: string): string {
  const names = prompt.replace(/\([^)]*\)/g, ' ').match(/[\p{L}\p{N}_.@-]+/gu) ?? [];
  return names.find((name) => /.@./.test(name)) ?? names.at(-1)?.slice(0, KEPT) ?? '';
}
