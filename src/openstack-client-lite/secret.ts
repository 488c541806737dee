/** A wrapper that keeps passwords and tokens out of logs, JSON and `inspect`, and removes them from foreign text. */
import { inspect } from 'node:util';

const MASK = '[secret]';

/** Holds one secret text; only `reveal` gives it out. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself, for the one place that sends it. */
  reveal(): string {
    return this.#text;
  }

  /** The text with this secret masked, plain or JSON-escaped: servers and proxies echo what they were sent. */
  maskIn(text: string): string {
    if (this.#text === '') {
      return text;
    }
    return text
      .replaceAll(this.#text, MASK)
      .replaceAll(JSON.stringify(this.#text).slice(1, -1), MASK);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
