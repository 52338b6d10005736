import { assets, wordsOf, type Asset, type AssetQuery } from '$lib/api';

/** A growing list of assets for one query: pages by cursor, reloads in place without losing the scroll position. */
export class AssetList {
  /** raw: pages are replaced whole, and ten thousand watched assets would cost a frame at each page */
  items = $state.raw<Asset[]>([]);
  total = $state<number | undefined>(undefined);
  loading = $state(false);
  loaded = $state(false);
  error = $state('');
  more = $state(false);
  private next: string | undefined;
  private query: AssetQuery = {};
  private turn = 0;

  private static readonly PAGE = 100;

  /** show starts a new query; what was there stays visible until the first answer. */
  async show(query: AssetQuery): Promise<void> {
    this.query = query;
    await this.read(undefined, AssetList.PAGE);
  }

  /** refresh reads again as many as are shown (at most 500, the server's page limit holds beyond). */
  refresh(): Promise<void> {
    return this.read(undefined, Math.min(500, Math.max(AssetList.PAGE, this.items.length)));
  }

  async grow(): Promise<void> {
    if (this.loading || !this.next) return;
    await this.read(this.next, AssetList.PAGE);
  }

  drop(ids: Set<string>): void {
    const before = this.items.length;
    this.items = this.items.filter((a) => !ids.has(a.id));
    if (this.total !== undefined) this.total -= before - this.items.length;
  }

  private async read(cursor: string | undefined, limit: number): Promise<void> {
    const turn = ++this.turn;
    this.loading = true;
    try {
      const page = await assets.list({ ...this.query, cursor, limit });
      if (turn !== this.turn) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.more = Boolean(page.next);
      if (page.total !== undefined || !cursor) this.total = page.total;
      this.error = '';
      this.loaded = true;
    } catch (err) {
      if (turn === this.turn) this.error = wordsOf(err);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }
}
