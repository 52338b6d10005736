/** One stream of domain events for the whole console; the browser resumes it by Last-Event-ID after a break. */

export interface LiveEvent {
  name: string;
  subject: string;
  atMs: number;
  data: any;
}

/** The events that pages react to; the server names each SSE message by its event. */
export const EVENTS = [
  'asset.created', 'asset.received', 'asset.probed', 'asset.playable', 'asset.decoded', 'asset.published', 'asset.failed', 'asset.updated',
  'asset.trashed', 'asset.restored', 'asset.purged', 'asset.analysing', 'asset.analysed', 'asset.redacting', 'annotations.written', 'job.changed', 'finding.written', 'finding.waived', 'person.withdrawn'
];

type Listener = (e: LiveEvent) => void;

class Live {
  connected = $state(false);
  private source: EventSource | null = null;
  private listeners = new Set<Listener>();

  start(): void {
    if (this.source) return;
    const source = new EventSource('/v1/stream');
    source.onopen = () => (this.connected = true);
    source.onerror = () => {
      this.connected = false;
      // A refused stream is closed for good by the browser; a broken one it reopens by itself.
      if (source.readyState === EventSource.CLOSED) {
        this.stop();
        setTimeout(() => this.start(), 3000);
      }
    };
    const take = (m: MessageEvent) => this.deliver(m);
    source.onmessage = take;
    for (const name of EVENTS) source.addEventListener(name, take);
    // The server's event log began anew: what every page shows may be old.
    source.addEventListener('reset', () => location.reload());
    this.source = source;
  }

  stop(): void {
    this.source?.close();
    this.source = null;
    this.connected = false;
  }

  /** on calls fn for each event whose name starts with one of the prefixes; the result ends it. */
  on(prefixes: string[], fn: Listener): () => void {
    const listener: Listener = (e) => prefixes.some((p) => e.name.startsWith(p)) && fn(e);
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private deliver(m: MessageEvent): void {
    let raw: any;
    try {
      raw = JSON.parse(m.data);
    } catch {
      return;
    }
    const event: LiveEvent = {
      name: raw.name ?? raw.Name ?? m.type,
      subject: raw.subject ?? raw.Subject ?? '',
      atMs: raw.atMs ?? raw.atMS ?? raw.AtMS ?? 0,
      data: raw.data ?? raw.Data ?? raw
    };
    for (const fn of this.listeners) fn(event);
  }
}

export const live = new Live();

/** soon returns fn limited to one run per wait; a burst of events becomes one reload at its end. */
export function soon(fn: () => void, waitMs = 250): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      fn();
    }, waitMs);
  };
}
