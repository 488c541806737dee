/** Leaves out what people wrote for people: banners of Cisco NX-OS and IOS XR (their system management guides). */

const BANNER = /^\s*banner \S+ (\^C|\S)(.*)$/;

/** The lines without the text of banners: whatever stands there configures nothing. */
export function withoutBanners(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let end: string | undefined;
  for (const line of lines) {
    const [, delimiter = '', text = ''] = BANNER.exec(line) ?? [];
    if (end !== undefined) {
      end = line.includes(end) ? undefined : end;
    } else if (delimiter === '') {
      kept.push(line);
    } else {
      end = text.includes(delimiter) ? undefined : delimiter;
    }
  }
  // A banner that never ends is something else that looks like one.
  return end === undefined ? kept : lines;
}
