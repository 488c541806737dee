/** Tables and numbers. Pure. */

const MOST_DIGITS = 4;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** `-` for nothing. */
export function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

/** As many figures that count, as far as there are any behind the point; whole numbers stay whole. */
export function significant(value: number | undefined, figures = 3): string {
  if (value === undefined || Number.isNaN(value)) {
    return '-';
  }
  const before = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  const digits = Math.min(Math.max(figures - before, 0), MOST_DIGITS);
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

export function grouped(value: number): string {
  return value.toLocaleString('en');
}
