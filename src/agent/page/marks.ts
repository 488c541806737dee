/** A shape for each state, so that nobody needs the colours to tell them apart; drawn once a page and used by reference. */
import { html, type Html } from './html.ts';
import { STATES, STATE_TEXTS, type RouteState } from './route-state.ts';

const SHAPES: Readonly<Record<RouteState, Html>> = {
  failed: html`<path d="M3 3 L13 13 M13 3 L3 13" class="stroke" />`,
  conflict: html`<path d="M8 1 L15 8 L8 15 L1 8 Z" class="fill" /><path
      d="M8 4.5 V9 M8 11 V12"
      class="cut"
    />`,
  unreachable: html`<rect x="2.5" y="2.5" width="11" height="11" class="line" /><path
      d="M2.5 13.5 L13.5 2.5"
      class="line"
    />`,
  held: html`<path d="M3 2 H7 V14 H3 Z M9 2 H13 V14 H9 Z" class="fill" />`,
  pending: html`<path d="M3 2 L14 8 L3 14 Z" class="fill" />`,
  'in-sync': html`<circle cx="8" cy="8" r="6.5" class="fill" /><path
      d="M5 8.3 L7.2 10.5 L11 6"
      class="cut"
    />`,
  'not-announced': html`<circle cx="8" cy="8" r="5.5" class="line" />`,
};

/** The shapes, to stand once in every page. */
export function shapeSheet(): Html {
  return html`<svg class="sheet" width="0" height="0" aria-hidden="true" focusable="false">
    ${STATES.map(
      (state) => html`<symbol id="shape-${state}" viewBox="0 0 16 16">${SHAPES[state]}</symbol>`,
    )}
  </svg>`;
}

/** The shape alone, for beside a word that says the same. */
export function shape(state: RouteState): Html {
  return html`<svg class="shape s-${state}" viewBox="0 0 16 16" aria-hidden="true">
    <use href="#shape-${state}" />
  </svg>`;
}

/** Shape and word. */
export function stateMark(state: RouteState): Html {
  return html`<span class="state s-${state}">${shape(state)} ${STATE_TEXTS[state][0]}</span>`;
}
