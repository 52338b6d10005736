import { session as api, whenSignedOut, type Session } from '$lib/api';

/** Who is signed in, and what may be shown. */
class Current {
  value = $state<Session | null>(null);
  loaded = $state(false);

  async load(): Promise<Session | null> {
    try {
      this.value = await api.current();
    } catch {
      this.value = null;
    }
    this.loaded = true;
    return this.value;
  }

  async signOut(): Promise<void> {
    await api.close().catch(() => undefined);
    this.value = null;
  }

  /** may reports whether the person holds a permission; an empty list means the server left that to each answer. */
  may(action: string): boolean {
    const have = this.value?.permissions ?? [];
    return have.length === 0 || have.includes(action) || have.includes('*');
  }

  room(name: string): boolean {
    const rooms = this.value?.rooms ?? [];
    return rooms.length === 0 || rooms.includes(name);
  }

  get admin(): boolean {
    return this.value?.user.roles.includes('admin') ?? false;
  }
}

export const current = new Current();
whenSignedOut(() => (current.value = null));
