// Waits for the first frame of a film that is still being made. It opens a browser, prints {"ready":true}, and then reads
// one JSON line {url, key, asset}: it asks for a playing link until there is one, opens the player page and prints
// {growing, linkMs, frameMs, width, height}, where the times are UTC milliseconds.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const patienceMs = 60_000;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio']
});
const page = await browser.newPage({ viewport: { width: 960, height: 540 } });
console.log(JSON.stringify({ ready: true }));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { url, key, asset } = JSON.parse((await lines.next()).value);

async function link() {
  for (const end = Date.now() + patienceMs; ; await new Promise((go) => setTimeout(go, 20))) {
    const res = await fetch(`${url}/v1/assets/${asset}/play`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: '{}'
    });
    if (res.ok) return res.json();
    const text = await res.text();
    if (res.status !== 404 && res.status !== 409 || Date.now() > end) throw new Error(`${res.status} ${text}`);
  }
}

try {
  const play = await link();
  const linkMs = Date.now();
  const film = new URL(play.embed, url);
  await page.goto(film.href, { waitUntil: 'commit' });
  const frame = await page.evaluate((patienceMs) => new Promise((ok, no) => {
    setTimeout(() => no(new Error(`no frame; the page says: ${document.body.innerText.slice(0, 300)}`)), patienceMs);
    const look = () => {
      const video = document.querySelector('video');
      if (!video) return setTimeout(look, 5);
      video.muted = true;
      video.autoplay = true;
      video.requestVideoFrameCallback((now, m) => ok({ frameMs: performance.timeOrigin + now, width: m.width, height: m.height }));
    };
    look();
  }), patienceMs);
  console.log(JSON.stringify({ growing: play.growing, linkMs, ...frame }));
} finally {
  await browser.close();
}
