/** The one door to the server: JSON in and out, RFC 9457 problems as `Problem`, ETags kept beside the value. */

/** Problem is a refusal of the server: a stable code, a status and a sentence that says what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterS = 0
  ) {
    super(message);
    this.name = 'Problem';
  }
}

export interface Options {
  query?: Record<string, string | number | boolean | string[] | undefined>;
  body?: unknown;
  ifMatch?: string;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  etag: string;
}

let onSignedOut: () => void = () => {};

/** whenSignedOut is called when any request learns that the session has ended. */
export function whenSignedOut(fn: () => void): void {
  onSignedOut = fn;
}

export function withQuery(path: string, query: Options['query']): string {
  const q = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) q.append(key, String(one));
  }
  const text = q.toString();
  return text ? `${path}?${text}` : path;
}

export async function problemOf(res: Response): Promise<Problem> {
  let code = String(res.status);
  let text = '';
  try {
    const body = await res.json();
    code = String(body.type ?? '').split('/').pop() || code;
    text = body.detail || body.title || '';
    const errors = Array.isArray(body.errors) ? body.errors : [];
    const first = errors[0];
    if (first?.message) text = `${text} ${first.location ? `${first.location.replace(/^body\./, '')}: ` : ''}${first.message}`.trim();
  } catch {
    // The answer was not a problem document; the status alone has to do.
  }
  if (!text) text = res.status >= 500 ? 'The server could not do this. Look at its log, then try again.' : `The server refused this (${res.status}).`;
  return new Problem(res.status, code, text, Number(res.headers.get('Retry-After') ?? 0));
}

/** call sends one request and returns its JSON with the ETag. Throws Problem; a lost connection is Problem 0. */
export async function call<T>(method: string, path: string, o: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (o.body !== undefined) headers['Content-Type'] = 'application/json';
  if (o.ifMatch) headers['If-Match'] = o.ifMatch;
  let res: Response;
  try {
    res = await fetch(withQuery(path, o.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: o.body === undefined ? undefined : JSON.stringify(o.body),
      signal: o.signal
    });
  } catch (err) {
    if (o.signal?.aborted) throw err;
    throw new Problem(0, 'offline', 'The server does not answer. It may be restarting; this page tries again.');
  }
  if (!res.ok) {
    if (res.status === 401 && !path.startsWith('/v1/session') && !path.startsWith('/v1/setup')) onSignedOut();
    throw await problemOf(res);
  }
  const empty = res.status === 204 || res.headers.get('Content-Length') === '0';
  return { data: (empty ? undefined : await res.json()) as T, etag: res.headers.get('ETag') ?? '' };
}

export async function get<T>(path: string, query?: Options['query'], signal?: AbortSignal): Promise<T> {
  return (await call<T>('GET', path, { query, signal })).data;
}

/** wordsOf turns whatever was thrown into a sentence for the page. */
export function wordsOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
