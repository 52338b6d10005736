import { people, wordsOf, type Biometrics, type Cluster, type Person } from '$lib/api';
import { current } from '$lib/state/session.svelte';

/** Who is known, who waits for a name, and whether anybody is compared at all. */
export class Registry {
  people = $state.raw<Person[]>([]);
  waiting = $state.raw<Cluster[]>([]);
  setting = $state<Biometrics | null>(null);
  loaded = $state(false);
  error = $state('');
  said = $state('');
  busy = $state(false);

  async load(): Promise<void> {
    try {
      const [list, waiting, setting] = await Promise.all([people.list(), people.unnamed(), current.may('settings:read') ? people.biometrics() : null]);
      this.people = list;
      this.waiting = waiting;
      this.setting = setting;
      this.loaded = true;
      this.error = '';
    } catch (err) {
      this.error = wordsOf(err);
    }
  }

  /** act does something, reads everything again and says that it is done; what failed is said in its place. */
  async act(done: string, fn: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.error = '';
    try {
      await fn();
      await this.load();
      this.said = done;
      return true;
    } catch (err) {
      await this.load();
      this.error = wordsOf(err);
      return false;
    } finally {
      this.busy = false;
    }
  }

  name = (c: Cluster, name: string): Promise<boolean> =>
    this.act(`Named ${name}. Everything that resembles has the name too.`, () => people.decide(c.face.id, { name }));

  /** join makes one of several groups. */
  join = (list: Cluster[]): Promise<boolean> =>
    this.act(`Joined ${list.length} groups.`, async () => {
      for (const c of list.slice(1)) await people.decide(c.face.id, { verdict: 'together', other: list[0]!.face.id });
    });

  split = (faces: string[]): Promise<boolean> => this.act(faces.length === 1 ? 'Taken out; it is a group of its own now.' : `Took ${faces.length} out; they are a group of their own now.`, () => people.split(faces));

  merge = (into: Person, from: Person[]): Promise<boolean> =>
    this.act(`${from.map((p) => p.name).join(' and ')} and ${into.name} are one person now.`, () => people.merge(into.id, from.map((p) => p.id)));
}
