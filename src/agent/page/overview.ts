/** The first page: the verdict on top, then the map, then whatever explains the two. */
import { cyclesView } from './cycles-view.ts';
import { html, type Html } from './html.ts';
import { runsView, type UpstreamJournal } from './journal-view.ts';
import { mapNote, mapSection } from './map-view.ts';
import { panel } from './panels.ts';
import { conflictsView, heldView, planView } from './plan-view.ts';
import { countsView, summaryView, type Clock } from './summary-view.ts';
import { upstreamsView } from './upstreams-view.ts';
import type { View } from './view.ts';

/** How many runs of the journal the first page shows. */
const RUNS_SHOWN = 20;

export function overview(
  view: View,
  clock: Clock,
  journals: readonly UpstreamJournal[] | undefined,
): Html {
  const { now } = clock;
  return html`<div id="summary" data-live>${summaryView(view, clock)}</div>
    <div id="counts" data-live>${countsView(view)}</div>
    <section class="panel" aria-labelledby="map-title">
      <h2 id="map-title">Map</h2>
      <div class="note" id="map-note" data-live>${mapNote(view)}</div>
      <a class="skip" href="#upstreams">Skip the map</a>
      <div id="map" data-live>${mapSection(view)}</div>
    </section>
    ${panel({ id: 'upstreams', title: 'Upstream routers', body: upstreamsView(view, now) })}
    ${panel({ id: 'plan', title: 'Changes of the last cycle', body: planView(view) })}
    <div class="panels">
      ${panel({ id: 'held', title: 'Held changes', body: heldView(view, now) })}
      ${panel({ id: 'conflicts', title: 'Conflicts and warnings', body: conflictsView(view) })}
      ${panel({ id: 'cycles', title: 'Cycles', body: cyclesView(view.board) })}
      ${panel({ id: 'journal', title: 'Journal', body: runsView(journals, RUNS_SHOWN) })}
    </div>`;
}
