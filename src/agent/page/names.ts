/** Names that tenants chose, set apart so that their direction and length do no harm. */
import { explainLink } from './links.ts';
import { html, type Html } from './html.ts';

/** As many characters as are shown in a drawing. */
const SHORT = 26;

/** The name, isolated from the text around it. */
export function nameText(name: string): Html {
  return html`<bdi class="name">${name}</bdi>`;
}

/** A name, or an id, that leads to its explanation. */
export function nameLink({ id, name }: { readonly id: string; readonly name: string }): Html {
  return html`<a href="${explainLink(id)}" title="${id}">${nameText(name === '' ? id : name)}</a>`;
}

/** A prefix that leads to its explanation. */
export function prefixLink(prefix: string): Html {
  return html`<a class="prefix" href="${explainLink(prefix)}">${prefix}</a>`;
}

/** The beginning of a long name, never half a character. */
export function shortened(name: string): string {
  const characters = Array.from(name);
  return characters.length <= SHORT ? name : `${characters.slice(0, SHORT - 1).join('')}…`;
}
