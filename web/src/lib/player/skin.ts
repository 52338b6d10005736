/** The controls around the picture, built from media-chrome's elements: the same in the console and on the embed page. */

export interface Skin {
  video: HTMLVideoElement;
  setPoster(url: string): void;
  setThumbs(url: string): void;
  setCaptions(list: { lang: string; url: string; text: string }[]): void;
}

export interface SkinOptions {
  /** Keyboard of media-chrome itself; off where the page has its own. */
  hotkeys: boolean;
  label: string;
}

async function define(): Promise<void> {
  await Promise.all([
    import('media-chrome/dist/media-controller.js'),
    import('media-chrome/dist/media-control-bar.js'),
    import('media-chrome/dist/media-play-button.js'),
    import('media-chrome/dist/media-mute-button.js'),
    import('media-chrome/dist/media-volume-range.js'),
    import('media-chrome/dist/media-time-range.js'),
    import('media-chrome/dist/media-time-display.js'),
    import('media-chrome/dist/media-captions-button.js'),
    import('media-chrome/dist/media-fullscreen-button.js'),
    import('media-chrome/dist/media-loading-indicator.js'),
    import('media-chrome/dist/media-preview-thumbnail.js'),
    import('media-chrome/dist/media-preview-time-display.js')
  ]);
}

function el(name: string, attrs: Record<string, string> = {}, children: Node[] = []): HTMLElement {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attrs)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

/** mount fills root with a player and answers its video element. */
export async function mount(root: HTMLElement, o: SkinOptions): Promise<Skin> {
  await define();
  const video = el('video', { slot: 'media', playsinline: '', preload: 'auto', crossorigin: 'anonymous' }) as HTMLVideoElement;
  const preview = [el('media-preview-thumbnail', { slot: 'preview' }), el('media-preview-time-display', { slot: 'preview' })];
  const captions = el('media-captions-button');
  const clock = el('media-time-display', { showduration: '', notoggle: '' });
  const bar = el('media-control-bar', {}, [
    el('media-play-button'),
    el('media-mute-button'),
    el('media-volume-range'),
    clock,
    el('span', { class: 'player-gap' }),
    captions,
    el('media-fullscreen-button')
  ]);
  const controller = el('media-controller', { 'aria-label': o.label, defaultsubtitles: '', ...(o.hotkeys ? {} : { nohotkeys: '' }) }, [
    video,
    el('media-loading-indicator', { slot: 'centered-chrome', noautohide: '' }),
    el('media-control-bar', { class: 'player-seek' }, [el('media-time-range', {}, preview)]),
    bar
  ]);
  root.replaceChildren(controller);
  // The element calls itself a button but carries aria-checked, which only a switch may have.
  captions.setAttribute('role', 'switch');
  // It carries a name, which an element without a role may not have.
  clock.setAttribute('role', 'timer');
  return {
    video,
    setPoster: (url) => (url ? video.setAttribute('poster', url) : video.removeAttribute('poster')),
    setThumbs(url) {
      video.querySelector('track[label="thumbnails"]')?.remove();
      if (url) video.append(el('track', { kind: 'metadata', label: 'thumbnails', src: url, default: '' }));
    },
    setCaptions(list) {
      video.querySelectorAll('track[kind="captions"]').forEach((t) => t.remove());
      for (const c of list) video.append(el('track', { kind: 'captions', srclang: c.lang, label: c.text, src: c.url }));
    }
  };
}
