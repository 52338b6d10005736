import { assets, people, wordsOf, type Annotation, type Face, type Note } from '$lib/api';
import { cut, replaced, utterances, type Said } from './words';

/** What a person does to a transcript. Each act changes the timeline on the server, then the page reads it again; the last one can be undone. */
export class Editing {
  error = $state('');
  said = $state('');
  busy = $state(false);
  /** track is what is being edited. */
  track = $state<Said>('speech');
  private back = $state<(() => Promise<unknown>) | null>(null);

  constructor(
    private readonly id: string,
    private readonly again: () => Promise<void>
  ) {}

  get undoable(): boolean {
    return this.back !== null;
  }

  private async act(done: string, fn: () => Promise<unknown>, back: (() => Promise<unknown>) | null): Promise<boolean> {
    this.busy = true;
    this.error = '';
    try {
      await fn();
      this.said = done;
      this.back = back;
      return true;
    } catch (err) {
      this.error = wordsOf(err);
      return false;
    } finally {
      // Several requests make one act: what some of them did shows even if a later one failed.
      await this.again().catch(() => undefined);
      this.busy = false;
    }
  }

  /** save puts a person's text in place of the machine's. */
  async save(u: Annotation, text: string): Promise<boolean> {
    const words = text.replace(/\s+/g, ' ').trim();
    if (words === u.text || words === '') return true;
    return this.act('Saved.', () => assets.editNote(this.id, u.id, { text: words }), () => assets.editNote(this.id, u.id, { text: u.text }));
  }

  /** accept makes the machine's words a person's own, so that no later run changes them. */
  accept = (u: Annotation): Promise<boolean> => this.act('Accepted; later runs leave it as it is.', () => assets.editNote(this.id, u.id, {}), null);

  /** split cuts an utterance at a place in its text, where its words say. */
  async split(u: Annotation, text: string, at: number): Promise<boolean> {
    const parts = cut({ ...u, text }, at);
    if (!parts) {
      this.error = 'Put the cursor between two words, then split.';
      return false;
    }
    let made = '';
    return this.act(
      'Split in two.',
      async () => {
        // The second part first: if the first change fails, words are doubled, never lost.
        made = (await assets.annotate(this.id, this.note(u, parts.second, parts.atMs, u.endMs))).id;
        await assets.editNote(this.id, u.id, { text: parts.first, startMs: u.startMs, endMs: parts.atMs });
      },
      async () => {
        await assets.editNote(this.id, u.id, { text: u.text, startMs: u.startMs, endMs: u.endMs });
        await assets.removeNote(this.id, made);
      }
    );
  }

  /** merge joins an utterance to the one before it; `text` is what it says now. */
  merge(before: Annotation, u: Annotation, text: string): Promise<boolean> {
    const joined = `${before.text} ${text}`.replace(/\s+/g, ' ').trim();
    return this.act(
      'Joined with the one before.',
      async () => {
        await assets.editNote(this.id, before.id, { text: joined, startMs: before.startMs, endMs: Math.max(before.endMs, u.endMs) });
        await assets.removeNote(this.id, u.id);
      },
      async () => {
        await assets.annotate(this.id, this.note(u, u.text, u.startMs, u.endMs));
        await assets.editNote(this.id, before.id, { text: before.text, startMs: before.startMs, endMs: before.endMs });
      }
    );
  }

  /** replaceAll changes a text in every utterance that holds it. */
  replaceAll(all: Annotation[], find: string, put: string): Promise<boolean> {
    const changed = utterances(all, this.track).flatMap((u) => {
      const text = replaced(u.text, find, put);
      return text !== u.text && text.trim() ? [{ u, text }] : [];
    });
    return this.act(
      changed.length === 1 ? 'Changed one place in the transcript.' : `Changed ${changed.length} utterances.`,
      () => each(changed, ({ u, text }) => assets.editNote(this.id, u.id, { text })),
      () => each(changed, ({ u }) => assets.editNote(this.id, u.id, { text: u.text }))
    );
  }

  /** rename gives a speaker a name; downloads then carry it. A voice that the analysis told apart is named in the registry of people, from where the name spreads; another label is changed in each utterance. */
  rename(all: Annotation[], from: string, to: string, voices: Face[]): Promise<boolean> {
    const voice = voices.find((v) => v.personName === from || (!v.person && v.speaker === from));
    if (voice) {
      return this.act(`Named ${to} everywhere.`, () => people.decide(voice.id, { name: to }), () => people.decide(voice.id, voice.person ? { person: voice.person } : { verdict: 'clear' }));
    }
    const theirs = all.filter((a) => (a.track === 'speech' || a.track === 'speaker') && a.label === from);
    const put = (label: string) => () => each(theirs, (a) => assets.editNote(this.id, a.id, { label }));
    return this.act(`Named ${to} everywhere.`, put(to), put(from));
  }

  assign = (u: Annotation, to: string): Promise<boolean> =>
    this.act(`${to} says this.`, () => assets.editNote(this.id, u.id, { label: to }), () => assets.editNote(this.id, u.id, { label: u.label }));

  async undo(): Promise<void> {
    const back = this.back;
    if (back) await this.act('It is as it was.', back, null);
  }

  private note = (u: Annotation, text: string, startMs: number, endMs: number): Note => ({ track: this.track, startMs, endMs, text, label: u.label, lang: u.lang });
}

/** each runs one after the other: the server locks the asset for each change. */
async function each<T>(list: T[], fn: (v: T) => Promise<unknown>): Promise<void> {
  for (const v of list) await fn(v);
}
