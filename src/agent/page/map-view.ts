/** The map as a drawing (SVG 2) whose nodes lead to their explanation, and the same as a table. */
import { html, type Html } from './html.ts';
import { explainLink, link } from './links.ts';
import { mapOf, NO_NETWORK, type CloudMap, type MapNetwork, type MapRouter } from './map.ts';
import { COLUMNS, layOut, NODE_HEIGHT, WIDTH, type Edge, type Node } from './map-layout.ts';
import { shape, stateMark } from './marks.ts';
import { dateTime } from './moments.ts';
import { nameLink, nameText, prefixLink, shortened } from './names.ts';
import { STATES, STATE_TEXTS, type RouteState } from './route-state.ts';
import type { View } from './view.ts';

const HEADINGS = {
  upstream: 'Upstream routers',
  network: 'External networks',
  router: 'Tenant routers',
  subnet: 'Prefixes',
} as const;

const HEAD_HEIGHT = 22;

/** That the map is an old one, where the cloud cannot be read. */
export function mapNote({ standing }: View): Html {
  if (standing?.isUnknown === true) {
    return html`<span class="l-bad">the cloud was not read since the agent started</span>`;
  }
  return standing?.isOld === true
    ? html`<span class="l-bad">as the cloud was at ${dateTime(standing.at)}</span>`
    : html``;
}

export function mapSection(view: View): Html {
  const map = mapOf(view);
  const { height, nodes, edges } = layOut(map);
  const total = height + HEAD_HEIGHT;
  return html`<p class="legend">
      ${STATES.map(
        (state) => html`<span title="${STATE_TEXTS[state][1]}">${stateMark(state)}</span> `,
      )}
    </p>
    <div class="map" tabindex="0" role="group" aria-label="Map, scrolls">
      <svg
        width="${WIDTH}"
        height="${total}"
        viewBox="0 0 ${WIDTH} ${total}"
        role="group"
        aria-label="Map of routes, from upstream routers over external networks and tenant routers to prefixes"
      >
        ${Object.entries(HEADINGS).map(
          ([kind, text]) =>
            html`<text class="head" x="${COLUMNS[kind as keyof typeof HEADINGS].x + 2}" y="14"
              >${text}</text
            >`,
        )}
        <g transform="translate(0 ${HEAD_HEIGHT})">${edges.map(edgePath)} ${nodes.map(nodeBox)}</g>
      </svg>
    </div>
    <details class="as-table" data-key="map-table">
      <summary>
        The map as a table${map.more > 0 && html` (${map.more} networks or upstreams are left out)`}
      </summary>
      ${mapTable(map)}
    </details>`;
}

function edgePath({ from: [x1, y1], to: [x2, y2], state }: Edge): Html {
  const bend = (x2 - x1) / 2;
  return html`<path
    class="edge s-${state}"
    d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"
  />`;
}

interface Face {
  /** What is drawn. */
  readonly text: string;
  /** What a screen reader says: it holds what is drawn. */
  readonly label: string;
  /** All of it, also where the drawing has room for a part only. */
  readonly title: string;
  readonly href: string;
  readonly state: RouteState;
}

function nodeBox(node: Node): Html {
  const { x, width } = COLUMNS[node.kind];
  const { text, label, title, href, state } = faceOf(node);
  const [stateName] = STATE_TEXTS[state];
  const top = node.y - NODE_HEIGHT / 2;
  return html`<a
    class="node n-${node.kind} s-${state}"
    href="${href}"
    aria-label="${label}: ${stateName}"
  >
    <title>${title}: ${stateName}</title>
    <rect x="${x}" y="${top}" width="${width}" height="${NODE_HEIGHT}" rx="5" />
    <use href="#shape-${state}" x="${x + 7}" y="${node.y - 6}" width="12" height="12" />
    <text x="${x + 26}" y="${node.y + 4}">${text}</text>
  </a>`;
}

function faceOf(node: Node): Face {
  if ('rest' in node) {
    return node.kind === 'router' ? restOfNetwork(node.rest) : restOfRouter(node.rest);
  }
  const { kind, it } = node;
  if (kind === 'subnet') {
    const { prefix, name, state } = it;
    const title = name === '' ? prefix : `${prefix}, subnet ${name}`;
    return { text: prefix, label: `prefix ${prefix}`, title, href: explainLink(prefix), state };
  }
  const { id, state } = it;
  const [what, href] = WHATS[kind];
  const name = it.name === '' ? id : it.name;
  const text = shortened(name);
  return { text, label: `${what} ${text}`, title: `${what} ${name}`, href: href(id), state };
}

/** What a node is called, and where it leads. */
const WHATS = {
  upstream: ['upstream', (name: string) => link('routes', { upstream: name })],
  network: ['external network', (id: string) => link('routes', { text: id })],
  router: ['router', explainLink],
} as const;

function restOfNetwork({ id, more }: MapNetwork): Face {
  const total = [...more.values()].reduce((sum, count) => sum + count, 0);
  const [state = 'in-sync'] = more.keys();
  const parts = Array.from(more, ([each, count]) => `${count} ${STATE_TEXTS[each][0]}`);
  const text = `and ${total} more ${more.size === 1 ? STATE_TEXTS[state][0] : 'routers'}`;
  const label = `${text}, ${parts.join(', ')}`;
  return { text, label, title: label, href: link('routes', { text: id }), state };
}

function restOfRouter({ id, more, moreState }: MapRouter): Face {
  const text = `and ${more} more`;
  const label = `${text} prefixes`;
  return { text, label, title: label, href: explainLink(id), state: moreState };
}

function mapTable({ networks }: CloudMap): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">External network</th>
        <th scope="col">Router</th>
        <th scope="col">State</th>
        <th scope="col">Prefixes</th>
      </tr>
    </thead>
    <tbody>
      ${networks.flatMap((network) => [
        ...network.routers.map((router) => routerRow(network, router)),
        ...(network.more.size === 0 ? [] : [restRow(network)]),
      ])}
    </tbody>
  </table>`;
}

function routerRow(network: MapNetwork, router: MapRouter): Html {
  return html`<tr>
    <td>${networkName(network)}</td>
    <th scope="row">${nameLink(router)}</th>
    <td>${stateMark(router.state)}</td>
    <td>
      ${router.subnets.map(
        ({ prefix, state }) =>
          html`<span class="item"
            >${shape(state)} ${prefixLink(prefix)}<span class="unseen">
              ${STATE_TEXTS[state][0]}</span
            ></span
          > `,
      )}${router.more > 0 && html`and ${router.more} more`}
    </td>
  </tr>`;
}

function restRow(network: MapNetwork): Html {
  const { text, label, href, state } = restOfNetwork(network);
  return html`<tr>
    <td>${networkName(network)}</td>
    <th scope="row"><a href="${href}">${text}</a></th>
    <td>${stateMark(state)}</td>
    <td>${label}</td>
  </tr>`;
}

function networkName({ id, name }: MapNetwork): Html | string {
  return id === NO_NETWORK ? 'none' : nameText(name === '' ? id : name);
}
