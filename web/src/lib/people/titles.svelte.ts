import { SvelteMap } from 'svelte/reactivity';
import { assets, type Asset } from '$lib/api';

/** ABREAST is how many assets are asked about at once. */
const ABREAST = 4;

/** The assets that faces and voices lie in, read once each. One that cannot be read is null. */
export class Titles {
  private known = new SvelteMap<string, Asset | null>();
  private asked = new Set<string>();
  private waiting: string[] = [];
  private running = 0;

  /** of is an asset's title; an empty one while it is being read. */
  of(id: string): string {
    const a = this.known.get(id);
    return a === undefined ? '' : a === null ? 'An asset that you may not see' : a.title || a.name;
  }

  ask(ids: string[]): void {
    for (const id of ids) {
      if (this.asked.has(id)) continue;
      this.asked.add(id);
      this.waiting.push(id);
    }
    while (this.running < ABREAST && this.waiting.length > 0) void this.next();
  }

  private async next(): Promise<void> {
    const id = this.waiting.shift();
    if (!id) return;
    this.running += 1;
    this.known.set(id, await assets.one(id).catch(() => null));
    this.running -= 1;
    void this.next();
  }
}
