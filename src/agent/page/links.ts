/** Addresses of the page's own parts, relative, so that they also work behind a proxy that serves them elsewhere. */

type Parameters = Readonly<Record<string, string | number | undefined>>;

/** `routes?state=held&page=2`; what is undefined or empty is left out. */
export function link(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  Object.entries(parameters).forEach(([key, value]) => {
    if (value !== undefined && value !== '') {
      query.set(key, String(value));
    }
  });
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

export function explainLink(what: string): string {
  return link('explain', { q: what });
}
