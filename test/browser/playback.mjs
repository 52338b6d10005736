// Plays streams in headless Chromium and prints one JSON line per case. Usage: node playback.mjs < cases.json, where a case is
// {name, page, url, player: "shaka" | "hls", drm?: {clearKeys?, servers?}, seek?: seconds}.
// A case passes its numbers on; the caller judges them.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const cases = JSON.parse(readFileSync(0, 'utf8'));
const scripts = {
  shaka: readFileSync(new URL('./node_modules/shaka-player/dist/shaka-player.compiled.js', import.meta.url), 'utf8'),
  hls: readFileSync(new URL('./node_modules/hls.js/dist/hls.min.js', import.meta.url), 'utf8')
};
// A page of another site, for cases that say page: "other".
const other = createServer((_, res) => res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>other site</title>'));
await new Promise((done) => other.listen(0, '127.0.0.1', done));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio']
});

async function play(c) {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  const failed = [];
  page.on('response', (r) => r.status() >= 400 && !r.url().endsWith('favicon.ico') && failed.push(`${r.status()} ${r.url()}`));
  try {
    await page.goto(c.page === 'other' ? `http://127.0.0.1:${other.address().port}/` : c.page);
    await page.addScriptTag({ content: scripts[c.player] });
    const out = await page.evaluate(async (c) => {
      const video = document.createElement('video');
      video.muted = true;
      document.body.replaceChildren(video);
      const wait = (what, ms, text) => new Promise((ok, no) => {
        const end = performance.now() + ms;
        const look = () => (what() ? ok() : performance.now() > end ? no(new Error(text)) : setTimeout(look, 10));
        look();
      });
      const start = performance.now();
      let problem = '';
      if (c.player === 'hls') {
        const hls = new Hls({ enableWorker: false });
        hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal) problem = `${e.type} ${e.details}`; });
        hls.loadSource(c.url);
        hls.attachMedia(video);
      } else {
        shaka.polyfill.installAll();
        const player = new shaka.Player();
        await player.attach(video);
        player.addEventListener('error', (e) => { problem = `shaka ${e.detail.code} ${e.detail.data}`; });
        if (c.drm) player.configure({ drm: c.drm });
        const late = new Promise((_, no) => setTimeout(() => no({ code: 'load', data: 'it does not load within 20 s' }), 20000));
        try { await Promise.race([player.load(c.url, 0), late]); } catch (e) { throw new Error(`shaka ${e.code} ${e.message} ${JSON.stringify(e.data)}`); }
      }
      await wait(() => video.readyState >= 2 || problem, 15000, `no picture: readyState ${video.readyState} ${problem}`);
      const firstFrameMs = Math.round(performance.now() - start);
      await Promise.race([video.play(), new Promise((ok) => setTimeout(ok, 5000))]);
      await wait(() => video.currentTime > 0.8 || problem, 15000, `it does not go on: ${video.currentTime} ${problem}`);
      const buffered = video.buffered.length ? video.buffered.start(0) : -1;
      video.currentTime = c.seek ?? 3;
      await wait(() => !video.seeking && video.readyState >= 2 || problem, 15000, `it does not seek: ${problem}`);
      if (problem) throw new Error(problem);
      return { firstFrameMs, bufferedStart: buffered, ranges: video.buffered.length, width: video.videoWidth, duration: video.duration,
        at: video.currentTime, dropped: video.getVideoPlaybackQuality().droppedVideoFrames, total: video.getVideoPlaybackQuality().totalVideoFrames };
    }, c);
    return { name: c.name, ...out, failed };
  } catch (err) {
    return { name: c.name, error: String(err.message ?? err).split('\n')[0], failed };
  } finally {
    await Promise.race([context.close(), new Promise((ok) => setTimeout(ok, 5000))]);
  }
}

for (const c of cases) console.log(JSON.stringify(await play(c)));
await browser.close();
process.exit(0); // connections that a player left open would keep the servers waiting
