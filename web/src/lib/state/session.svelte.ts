import { session as api, whenSignedOut, type Session } from '$lib/api';

const MARK = 'showreel.session';

/** marked remembers in this browser that somebody is signed in, so that a stranger's first visit asks nothing that can only be refused. */
function marked(): boolean {
  try {
    return localStorage.getItem(MARK) !== null;
  } catch {
    return true;
  }
}

function mark(on: boolean): void {
  try {
    if (on) localStorage.setItem(MARK, '1');
    else localStorage.removeItem(MARK);
  } catch {
    // Without storage the server is always asked.
  }
}

/** Who is signed in, and what may be shown. */
class Current {
  value = $state<Session | null>(null);
  loaded = $state(false);

  /** load asks the server; `fresh` right after a sign-in. */
  async load(fresh = false): Promise<Session | null> {
    if (fresh || marked()) {
      try {
        this.value = await api.current();
        mark(true);
      } catch {
        this.value = null;
        mark(false);
      }
    }
    this.loaded = true;
    return this.value;
  }

  async signOut(): Promise<void> {
    await api.close().catch(() => undefined);
    this.ended();
  }

  ended(): void {
    this.value = null;
    mark(false);
  }

  may(action: string): boolean {
    return this.value?.permissions.includes(action) ?? false;
  }

  room(name: string): boolean {
    return this.value?.rooms.includes(name) ?? false;
  }
}

export const current = new Current();
whenSignedOut(() => current.ended());
