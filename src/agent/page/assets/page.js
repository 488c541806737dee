/**
 * Keeps an open status page up to date. The server draws everything: on every event the page is fetched again, and the
 * parts that changed are swapped in place. Focus, scroll positions and open details stay as they are.
 */

const SECOND = 1000;

/** How far this clock is behind the server's. */
let lag = 0;

/** The markup of each live part as the server sent it, by id. */
const known = new Map();

/** Times run by themselves: they do not count as a change. @param {Element} part */
function markupOf(part) {
  const copy = /** @type {Element} */ (part.cloneNode(true));
  copy.querySelectorAll('[data-until], [data-since]').forEach((time) => time.replaceChildren());
  return copy.innerHTML;
}

/** @param {Document} page */
function livePartsOf(page) {
  return [...page.querySelectorAll('[data-live]')];
}

/** @param {Document} page */
function readClock(page) {
  lag = Number(page.documentElement.dataset.now) - Date.now();
}

/** The words of src/agent/page/moments.ts. @param {number} seconds */
function spanText(seconds) {
  const two = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 60) {
    return `${seconds} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  }
  return seconds < 86_400
    ? `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`
    : `${Math.floor(seconds / 86_400)} d ${two((seconds % 86_400) / 3600)} h`;
}

/** @param {HTMLElement} time @param {number} now */
function timeText({ dataset: { until, since } }, now) {
  if (since !== undefined) {
    return `${spanText(Math.max(0, Math.floor((now - Number(since)) / SECOND)))} ago`;
  }
  const left = Math.ceil((Number(until) - now) / SECOND);
  return left <= 0 ? 'now' : `in ${spanText(left)}`;
}

function tick() {
  const now = Date.now() + lag;
  document.querySelectorAll('[data-until], [data-since]').forEach((time) => {
    const text = timeText(/** @type {HTMLElement} */ (time), now);
    if (time.textContent !== text) {
      time.textContent = text;
    }
  });
}

/** Where the focus is, in words that also fit the next version of the part. @param {Element} part */
function focusIn(part) {
  const focused = document.activeElement;
  if (focused === null || focused === part || !part.contains(focused)) {
    return undefined;
  }
  const address = focused.getAttribute('href') ?? '';
  const alike = sameAs(part, focused.localName, address);
  return { name: focused.localName, address, place: alike.indexOf(focused) };
}

/** @param {Element} part @param {string} name @param {string} address */
function sameAs(part, name, address) {
  return [...part.getElementsByTagName(name)].filter(
    (each) => (each.getAttribute('href') ?? '') === address,
  );
}

/** @param {Element} part @param {Element} next */
function swap(part, next) {
  const focus = focusIn(part);
  const opened = new Map(
    [...part.querySelectorAll('details[data-key]')].map((each) => [
      each.getAttribute('data-key'),
      each.hasAttribute('open'),
    ]),
  );
  const scrolled = [part, ...part.querySelectorAll('[tabindex="0"]')].map(
    ({ scrollLeft, scrollTop }) => ({ left: scrollLeft, top: scrollTop }),
  );
  part.replaceChildren(...document.importNode(next, true).childNodes);
  part.querySelectorAll('details[data-key]').forEach((each) => {
    each.toggleAttribute(
      'open',
      opened.get(each.getAttribute('data-key')) ?? each.hasAttribute('open'),
    );
  });
  [part, ...part.querySelectorAll('[tabindex="0"]')].forEach((each, i) => {
    const place = scrolled[i];
    if (place !== undefined && (place.left > 0 || place.top > 0)) {
      each.scrollTo({ ...place, behavior: 'instant' });
    }
  });
  if (focus !== undefined) {
    const alike = sameAs(part, focus.name, focus.address);
    const again = alike[focus.place] ?? alike[0] ?? part.closest('[tabindex]') ?? part;
    /** @type {HTMLElement} */ (again).focus({ preventScroll: true });
  }
}

/** @param {string} text */
function parse(text) {
  return new DOMParser().parseFromString(text, 'text/html');
}

/** Another agent has another script. @param {Document} page */
function scriptOf(page) {
  return page.querySelector('script[src]')?.getAttribute('src');
}

/** Asks again where too many others ask at this moment. @param {number} tries @returns {Promise<Response>} */
async function ask(tries) {
  const response = await fetch(location.href, { cache: 'no-store' });
  if (response.status !== 503 || tries === 0) {
    return response;
  }
  await new Promise((resolve) => {
    setTimeout(resolve, SECOND * (1 + Math.random()));
  });
  return ask(tries - 1);
}

async function refresh() {
  const response = await ask(10);
  const page = parse(await response.text());
  if (!response.ok) {
    throw new Error(response.statusText);
  }
  if (scriptOf(page) !== scriptOf(document)) {
    location.reload();
    return;
  }
  readClock(page);
  for (const next of livePartsOf(page)) {
    const part = document.getElementById(next.id);
    const markup = markupOf(next);
    if (part !== null && known.get(next.id) !== markup) {
      known.set(next.id, markup);
      swap(part, next);
    }
  }
  tick();
  say(page);
  document.documentElement.dataset.version = page.documentElement.dataset.version;
}

/** Tells a screen reader, and the tab, when the verdict is another one. @param {Document} page */
function say(page) {
  document.title = page.title;
  const verdict = page.getElementById('verdict-title')?.textContent;
  const news = document.getElementById('news');
  if (verdict && news !== null && news.dataset.verdict !== verdict) {
    news.dataset.verdict = verdict;
    news.textContent = verdict;
  }
}

/** @param {'live' | 'lost'} state @param {string} text */
function showConnection(state, text) {
  const line = document.getElementById('live');
  const words = document.getElementById('live-text');
  if (line !== null && words !== null) {
    line.dataset.state = state;
    words.textContent = text;
  }
}

function lost() {
  if (document.getElementById('live')?.dataset.state !== 'lost') {
    showConnection(
      'lost',
      `no answer since ${new Date(Date.now() + lag).toISOString().slice(11, 19)}Z`,
    );
  }
}

let isBusy = false;
let isAskedAgain = false;

/** One at a time; what happens meanwhile is fetched once more. */
async function update() {
  if (isBusy) {
    isAskedAgain = true;
    return;
  }
  isBusy = true;
  try {
    do {
      isAskedAgain = false;
      await refresh();
    } while (isAskedAgain);
    showConnection('live', 'live');
  } catch {
    lost();
  } finally {
    isBusy = false;
  }
}

/** @type {EventSource | undefined} */
let events;

/** Who is refused a stream is not told when there is one again. */
const RETRY_MS = 30_000;

function connect() {
  events?.close();
  events = new EventSource('events');
  events.addEventListener('update', () => void update());
  events.addEventListener('progress', ({ data }) => {
    const line = document.getElementById('progress');
    if (line !== null && data !== '') {
      line.textContent = data;
    }
  });
  events.addEventListener('error', ({ target }) => {
    lost();
    if (target === events && events?.readyState === EventSource.CLOSED && !document.hidden) {
      setTimeout(connect, RETRY_MS);
    }
  });
}

/** How often a page that nobody sees asks by itself. */
const HIDDEN_MS = 60_000;

/**
 * A browser opens six connections to one server over HTTP/1.1, and streams keep theirs: a page that nobody sees gives
 * it back, and only keeps its title.
 */
function shareConnections() {
  /** @type {number | undefined} */
  let timer;
  document.addEventListener('visibilitychange', () => {
    clearInterval(timer);
    if (document.hidden) {
      events?.close();
      timer = setInterval(() => void update(), HIDDEN_MS);
    } else {
      connect();
    }
  });
}

function start() {
  readClock(document);
  livePartsOf(document).forEach((part) => known.set(part.id, markupOf(part)));
  const news = document.getElementById('news');
  if (news !== null) {
    news.dataset.verdict = document.getElementById('verdict-title')?.textContent ?? '';
  }
  setInterval(tick, SECOND);
  shareConnections();
  connect();
}

start();
