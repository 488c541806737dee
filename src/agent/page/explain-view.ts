/** Why something is announced or not, rule by rule: the same answers as `route-sync explain`. */
import { explain, find, type Explained } from '../../report/explain.ts';
import type { Announcement } from '../../report/announcement.ts';
import type { Orphan } from '../../report/orphans.ts';
import { html, type Html } from './html.ts';
import { link } from './links.ts';
import { nameLink, nameText } from './names.ts';
import { nothing } from './panels.ts';
import type { View } from './view.ts';

/** How many answers one question gets; a wide prefix stands for thousands of routes. */
const ANSWERS = 30;

const UNREAD = 'The cloud was not read since the agent started: nothing is known of it.';

export function explainView({ standing }: View, question: string): Html {
  const title = html`<h1>${question === '' ? 'Explain' : html`Why ${nameText(question)}?`}</h1>`;
  if (question === '') {
    return html`${title}
      <p>Type a prefix, an address, or the name or id of a router or subnet above.</p>`;
  }
  if (standing === undefined) {
    return html`${title}${nothing('Nothing is known before the first cycle.')}`;
  }
  const { candidates, orphans } = find(question, standing);
  const total = candidates.length + orphans.length;
  if (total === 0 && standing.isUnknown) {
    return html`${title}${nothing(UNREAD)}`;
  }
  if (total === 0) {
    return html`${title}
      <p class="nothing">
        Nothing in the cloud or on the upstreams fits exactly.
        <a href="${link('routes', { text: question })}">Look for it in the list of routes</a>
      </p>`;
  }
  const explained = explain(candidates.slice(0, ANSWERS), standing);
  return html`${title} ${standing.isUnknown && nothing(UNREAD)}
  ${
    total > ANSWERS &&
    html`<p class="rest">
      The first ${ANSWERS} of ${total} answers.
      <a href="${link('routes', { text: question })}">Look in the list of routes</a>
    </p>`
  }
  ${orphans.slice(0, ANSWERS).map(orphanBlock)} ${explained.map(answerBlock)}`;
}

function answerBlock({ candidate, checks, upstreams }: Explained): Html {
  const { prefix, router, subnet, leg, nextHops, verdict, warnings, projectId } = candidate;
  const isEligible = verdict === 'eligible';
  const passed = checks.filter((check) => check.passed);
  const failed = checks.filter((check) => !check.passed);
  return html`<article class="answer">
    <h2>${prefix.text} <span class="${isEligible ? 'l-good' : 'l-notice'}">${verdict}</span></h2>
    <ul class="fates">
      ${upstreams.map(fateItem)}
    </ul>
    <dl class="facts">
      <div>
        <dt>Router</dt>
        <dd>${nameLink(router)} <code>${router.id}</code></dd>
      </div>
      <div>
        <dt>Subnet</dt>
        <dd>
          ${subnet === undefined ? 'none' : html`${nameLink(subnet)} <code>${subnet.id}</code>`}
        </dd>
      </div>
      <div>
        <dt>Project</dt>
        <dd><code>${projectId}</code></dd>
      </div>
      <div>
        <dt>Leg</dt>
        <dd>
          ${leg === undefined ? 'no external leg' : html`${leg.kind} on external network <code>${leg.networkId}</code>`}
        </dd>
      </div>
      <div>
        <dt>Next hop</dt>
        <dd>${nextHops.join(', ') || 'none'}</dd>
      </div>
    </dl>
    <ul class="checks">
      ${failed.map(({ code, detail }) => html`<li class="fails"><span class="sign" aria-hidden="true">✕</span><span class="unseen">failed: </span><b>${code}</b> ${detail}</li>`)}
      ${warnings.map((warning) => html`<li class="warns"><span class="sign" aria-hidden="true">!</span> warning <b>${warning}</b></li>`)}
    </ul>
    <details
      data-key="${router.id} ${prefix.text} ${leg?.networkId ?? ''}"
      ${failed.length === 0 && html`open`}
    >
      <summary>${passed.length} of ${checks.length} rules passed</summary>
      <ul class="checks">
        ${passed.map(({ code, detail }) => html`<li class="passes"><span class="sign" aria-hidden="true">✓</span><span class="unseen">passed: </span><b>${code}</b> ${detail}</li>`)}
      </ul>
    </details>
  </article>`;
}

function fateItem({ name, state, message }: Announcement): Html {
  return html`<li>
    on <b>${name}</b>: <b>${state}</b>${message !== undefined && html` (${message})`}
  </li>`;
}

function orphanBlock({ upstream, prefix, state, message, origin }: Orphan): Html {
  return html`<article class="answer">
    <h2>${prefix} <span class="l-bad">no longer wanted</span></h2>
    <ul class="fates">
      <li>on <b>${upstream}</b>: <b>${state}</b> (${message})</li>
    </ul>
    <ul class="checks">
      ${origin.map(({ router, subnet }) => html`<li>it came from router <code>${router}</code>, subnet <code>${subnet}</code></li>`)}
    </ul>
  </article>`;
}
