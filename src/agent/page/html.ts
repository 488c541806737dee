/**
 * HTML as a template: whatever is put into it is text unless it was made by the same template. Nothing that others typed
 * can open a tag, end an attribute, or reorder what is beside it.
 */
import { escapeText } from '../../report/escape.ts';

const MARKUP = Symbol('markup');

/** Markup that is safe to print. */
export interface Html {
  readonly [MARKUP]: string;
}

type Value = Html | string | number | false | undefined | readonly (Html | string)[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Builds markup. Attribute values must stand in double quotes: a value right behind `=` is refused. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const parts = strings.map((text, i) => {
    if (i < values.length && text.endsWith('=')) {
      throw new TypeError('an attribute value needs quotes');
    }
    return `${text}${markupOf(values[i])}`;
  });
  return { [MARKUP]: parts.join('') };
}

/** The markup as text, to be sent. */
export function printHtml(markup: Html): string {
  return markup[MARKUP];
}

function markupOf(value: Value): string {
  if (value === undefined || value === false) {
    return '';
  }
  if (typeof value === 'string' || typeof value === 'number') {
    return escapeHtml(String(value));
  }
  return MARKUP in value ? value[MARKUP] : value.map(markupOf).join('');
}

function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"'`]/g, (char) => ENTITIES[char] ?? '');
}
