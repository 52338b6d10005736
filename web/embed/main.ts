import { mount } from '../src/lib/player/skin';
import { Film, languageName, wordsOf } from '../src/lib/player/film';
import { play as shape } from '../src/lib/api/shape';

// The player page: /embed/{token}/{asset}. The token in the path is the permission; what it may play comes from the server.
const root = document.getElementById('player')!;

function say(text: string): void {
  const p = document.createElement('p');
  p.className = 'said';
  p.setAttribute('role', 'alert');
  p.textContent = text;
  root.append(p);
}

async function start(): Promise<void> {
  const [, , token, asset] = location.pathname.split('/');
  if (!token || !asset) return say('This address is not whole. Copy it again from the asset’s Renditions panel.');
  const res = await fetch(`/v/${encodeURIComponent(token)}/${encodeURIComponent(asset)}/play.json`);
  if (!res.ok) return say(res.status === 404 ? 'This film is not here any more.' : 'This playing link has ended. Ask whoever sent it for a fresh one.');
  const play = shape(await res.json());
  if (play.title) document.title = play.title;

  const skin = await mount(root, { hotkeys: true, label: document.title });
  skin.setPoster(play.poster);
  skin.setThumbs(play.thumbs);
  // A page that embeds the player learns when the first frame is really shown.
  if (parent !== window) skin.video.requestVideoFrameCallback?.(() => parent.postMessage('showreel:shown', '*'));
  const film = new Film(skin.video, { change: () => undefined, error: say });
  const startS = Number(new URLSearchParams(location.search).get('t') ?? 0) || 0;
  await film.load({ url: play.hls, licence: play.clearkey?.licence ?? '', keys: play.clearkey?.keys ?? {} }, startS);
  if (skin.video.textTracks.length <= 1) skin.setCaptions(play.captions.map((c) => ({ ...c, text: languageName(c.lang) })));
}

start().catch((err) => say(wordsOf(err)));
