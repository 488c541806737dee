/** Masks the secrets in what a router shows, for records of a session. */

const MASK = '[redacted]';

/** Of each pattern, what its group `secret` holds. */
export function redactLine(line: string, patterns: readonly RegExp[]): string {
  return patterns.reduce((kept, { source, flags }) => {
    const pattern = new RegExp(source, [...new Set(`${flags}dg`)].join(''));
    let text = '';
    let at = 0;
    for (const match of kept.matchAll(pattern)) {
      const [start, end] = match.indices?.groups?.['secret'] ?? [at, at];
      if (end > start && start >= at) {
        text += `${kept.slice(at, start)}${MASK}`;
        at = end;
      }
    }
    return text + kept.slice(at);
  }, line);
}
