// The journey of a film through the console on the real server. Usage:
//
//	node journey.mjs BASE-URL SET-UP-LINK FILM
//
// Sets up the first administrator, adds the film by keyboard, watches its job, plays HLS and DASH, clear and ClearKey, seeks
// by thumbnail, marks a place, adds captions, waives a finding, edits metadata with a conflict, trashes and restores, and
// looks at every page at two widths in both themes.
// SHOTS=FOLDER keeps small screenshots; those of web/shots, which show a library of real films, are replaced only where
// SHOTS_REPLACE=1 asks for it. Prints the story; the first thing that is wrong ends it with exit code 1.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, fail, launch, say, Stage } from './stage.mjs';

const [base, link, film] = process.argv.slice(2);
if (!base || !link || !film) fail('usage: node journey.mjs BASE-URL SET-UP-LINK FILM');
const shots = keep(process.env.SHOTS ?? '');
const person = { name: 'Ada Keeper', email: 'ada@example.org', password: 'the lamp is lit at dusk' };
const fileName = basename(film);
const playing = () => document.querySelector('video')?.readyState >= 2;

const browser = await launch();
try {
  const stage = await Stage.open(browser, base);
  await setUp(stage);
  const asset = await add(stage);
  await scrub(stage, asset);
  await find(stage, asset);
  await playAll(stage, asset);
  await seekByThumbnail(stage);
  await timeline(stage);
  await mark(stage);
  // Nothing is said in this film: where captions ask how well they fit what is heard, there is nothing to compare them with.
  await stage.expecting(404, async () => {
    await captions(stage);
    await edit(stage, asset);
  });
  await embed(stage);
  await trash(stage, asset);
  await pages(stage, asset);
  await signInAgain(stage);
  say('the journey is complete');
} catch (err) {
  console.error(`FAILED: ${err.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** keep is the folder for screenshots: one of its own where the asked one holds the product's, and nobody says to replace them. */
function keep(folder) {
  const product = fileURLToPath(new URL('../../web/shots', import.meta.url));
  if (!folder || resolve(folder) !== product || process.env.SHOTS_REPLACE === '1') return folder;
  const own = mkdtempSync(join(tmpdir(), 'showreel-shots-'));
  say(`web/shots stays as it is; these screenshots lie in ${own}`);
  return own;
}

/** picture keeps one more screenshot, of what the round over all pages does not open. */
async function picture(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.jpg`), type: 'jpeg', quality: 62, fullPage: true });
}

async function setUp(stage) {
  const { page } = stage;
  await page.goto(link);
  await page.getByLabel('Your name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await stage.look('set-up');
  await page.getByRole('button', { name: 'Create administrator' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.goto('/library');
  await page.getByRole('heading', { name: 'Library', exact: true }).waitFor();
  stage.clean('set-up');
  say('set up the first administrator');
}

/** add brings the film in without a mouse and follows its job until it is done. */
async function add(stage) {
  const { page } = stage;
  await page.getByRole('button', { name: 'Add media' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('[role=menuitem][data-highlighted]', { hasText: 'Files…' }).waitFor();
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(film);
  const row = page.getByTestId('uploads').locator('li').filter({ hasText: fileName });
  await row.waitFor();
  await stage.until((name) => [...document.querySelectorAll('[data-testid=uploads] li')].some((li) => li.innerText.includes(name) && li.dataset.state === 'done'), fileName, 'the upload did not end', 60_000);
  say('uploaded the film');

  await page.goto('/jobs');
  const job = page.getByTestId('job').filter({ hasText: fileName });
  await job.waitFor();
  const seen = new Set();
  let last = -1;
  for (const end = Date.now() + 180_000; ; await page.waitForTimeout(150)) {
    const state = await job.getAttribute('data-state');
    seen.add(state);
    check(state !== 'failed' && state !== 'cancelled', `the job ${state}: ${await job.innerText()}`);
    if (state === 'done') break;
    const bar = job.getByRole('progressbar');
    const now = (await bar.count()) ? Number(await bar.getAttribute('aria-valuenow', { timeout: 1000 }).catch(() => last)) : last;
    check(now >= last, `the job's progress fell from ${last} to ${now}`);
    last = now;
    check(Date.now() < end, `the job is still ${state} after three minutes`);
  }
  check(last > 0, 'the jobs page never showed progress of its own');
  say(`prepared it; the page saw ${[...seen].join(', ')} without a reload`);
  const href = await job.getByRole('link', { name: fileName }).getAttribute('href');
  await page.goto('/library');
  const card = page.getByTestId('card').filter({ has: page.locator(`a[href="${href}"]`) });
  await card.waitFor();
  stage.clean('adding');
  return href.split('/').pop();
}

/** scrub moves across a card and expects the sprite of that place. */
async function scrub({ page }, asset) {
  const card = page.locator(`[data-asset="${asset}"]`);
  const box = await card.boundingBox();
  await page.mouse.move(box.x + 10, box.y + 30);
  const positions = new Set();
  for (const part of [0.1, 0.5, 0.9]) {
    await page.mouse.move(box.x + box.width * part, box.y + 40);
    await page.getByTestId('scrub').waitFor();
    await page.waitForTimeout(100);
    positions.add(await page.getByTestId('scrub').locator('div').first().getAttribute('style'));
  }
  check(positions.size >= 2, 'scrubbing over the card always shows the same picture');
  await page.mouse.move(5, 5);
  say('scrubbed over the card');
}

/** find searches and opens the film by keyboard alone. */
async function find(stage, asset) {
  const { page } = stage;
  await page.locator('main').focus();
  await page.keyboard.press('/');
  await page.keyboard.type(fileName.split(/[ ._-]/)[0]);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\?q=/);
  const link = page.locator(`[data-asset="${asset}"] a`);
  await link.waitFor();
  for (let i = 0; i < 30 && !(await link.evaluate((el) => el === document.activeElement)); i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/assets/${asset}`);
  stage.clean('search');
  say('found and opened it by keyboard');
}

async function choose({ page }, name) {
  await page.getByTestId('stream-menu').click();
  const item = page.getByRole('menuitemradio', { name });
  await item.waitFor();
  if ((await item.getAttribute('aria-checked')) === 'true') await page.keyboard.press('Escape');
  else await item.click();
  await page.getByRole('menu').waitFor({ state: 'detached' });
}

async function playAll(stage, asset) {
  const { page } = stage;
  await page.getByTestId('player').waitFor();
  for (const format of ['HLS', 'DASH']) {
    for (const [name, protection] of [['Clear', 'none'], ['ClearKey cenc', 'cenc'], ['ClearKey cbcs', 'cbcs']]) {
      await choose(stage, new RegExp(`^${format}$`));
      await choose(stage, new RegExp(`^${name} `));
      const player = page.getByTestId('player');
      check((await player.getAttribute('data-format')) === format.toLowerCase() && (await player.getAttribute('data-protection')) === protection, `the menu did not choose ${format} ${name}`);
      await stage.until(() => document.querySelector('[data-testid=player]').dataset.busy === '', null, `${format} ${name}: it never opened`);
      await stage.until(playing, null, `${format} ${name}: no picture`);
      const from = await page.evaluate(() => {
        const v = document.querySelector('video');
        v.currentTime = 0;
        return v.play().then(() => v.currentTime);
      });
      await stage.until((t) => document.querySelector('video').currentTime > t + 0.8, from, `${format} ${name}: it does not go on`);
      const [keys, width, error] = await page.evaluate(() => {
        const v = document.querySelector('video');
        v.pause();
        return [v.mediaKeys !== null, v.videoWidth, v.error?.message ?? ''];
      });
      check(width > 0 && !error, `${format} ${name}: ${width} px wide ${error}`);
      check(protection === 'none' || keys, `${format} ${name}: the browser decrypted nothing`);
      say(`played ${format} ${name}`);
    }
  }
  check((await page.getByRole('alert').count()) === 0, 'the player shows an error');
  stage.clean(`playing ${asset}`);
  await choose(stage, /^HLS$/);
  await choose(stage, /^Clear /);
  await stage.until(() => document.querySelector('[data-testid=player]').dataset.busy === '', null, 'HLS: it never opened again');
  await stage.until(playing, null, 'HLS: no picture after going back to clear');
}

/** seekByThumbnail hovers the seek bar, expects a picture of that place, and clicks. */
async function seekByThumbnail(stage) {
  const { page } = stage;
  const bar = page.locator('media-time-range');
  const box = await bar.boundingBox();
  const duration = await page.evaluate(() => document.querySelector('video').duration);
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 5 });
  await stage.until(() => {
    const shown = document.querySelector('media-preview-thumbnail')?.shadowRoot?.querySelector('img');
    return shown?.complete && shown.naturalWidth > 0;
  }, null, 'the seek bar shows no thumbnail');
  await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2);
  await stage.until(([at, off]) => Math.abs(document.querySelector('video').currentTime - at) < off, [duration * 0.75, duration * 0.06], 'clicking under the thumbnail went elsewhere');
  await page.mouse.move(5, 5);
  stage.clean('seeking');
  say('sought by thumbnail');
}

/** timeline uses the editor's keys. */
async function timeline(stage) {
  const { page } = stage;
  const code = () => page.getByTestId('timecode').innerText();
  await page.getByRole('slider', { name: 'Position' }).focus();
  await page.keyboard.press('Home');
  await page.waitForTimeout(150);
  check(/^00:00:00[:;]00$/.test(await code()), `Home shows ${await code()}`);
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(150);
  check(/^00:00:00[:;]01$/.test(await code()), `one frame on shows ${await code()}`);
  await page.keyboard.press('i');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('o');
  const marked = await page.getByTestId('inout').innerText();
  check(marked.includes('00:00:00') && marked.includes('00:00:03'), `in and out show ${marked}`);
  await page.getByRole('button', { name: 'Copy the timecode' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  check(marked.startsWith(copied), `copied ${copied}, shown ${marked}`);
  await page.keyboard.press('Escape');
  const drawn = await page.getByTestId('timeline').evaluate((c) => {
    const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    const colors = new Set();
    for (let i = 0; i < data.length; i += 4 * 97) colors.add(`${data[i] >> 4}.${data[i + 1] >> 4}.${data[i + 2] >> 4}`);
    return colors.size;
  });
  check(drawn > 20, `the timeline shows ${drawn} colours; the picture strip is missing`);
  stage.clean('timeline');
  say('worked the timeline by keyboard');
}

/** mark sets a marker by keyboard, names it, takes it away and back. */
async function mark(stage) {
  const { page } = stage;
  const panel = page.getByTestId('markers');
  const words = panel.getByRole('textbox');
  await page.getByRole('slider', { name: 'Position' }).focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('m');
  await words.waitFor();
  await stage.until(() => document.activeElement?.closest('[data-marker]'), null, 'the new marker did not take the keyboard');
  await page.keyboard.type('the colours turn');
  await page.keyboard.press('Enter');
  await panel.getByText('Saved.').waitFor();
  check(await page.getByRole('slider', { name: 'Position' }).evaluate((el) => el === document.activeElement), 'Enter did not give the keyboard back to the timeline');
  await page.getByText('Keys and list').click();
  await page.locator('section[aria-label=Timeline] li').filter({ hasText: /00:00:02[:;]00 the colours turn/ }).waitFor();
  await page.getByText('Keys and list').click();
  await panel.getByRole('button', { name: /^Delete the marker/ }).click();
  await words.waitFor({ state: 'detached' });
  await panel.getByRole('button', { name: 'Undo' }).click();
  await panel.getByText('It is back.').waitFor();
  check((await words.inputValue()) === 'the colours turn', 'the marker came back without its words');
  await stage.look('the markers');
  stage.clean('markers');
  say('set, named, removed and restored a marker by keyboard');
}

/** captions adds an SRT file with cues that run into each other and too fast, sees it in the player, and waives the finding. */
async function captions(stage) {
  const { page } = stage;
  await page.getByRole('tab', { name: 'Captions' }).click();
  await page.getByLabel('Language').fill('de');
  const cue = (n, from, to, text) => `${n}\n00:00:${from} --> 00:00:${to}\n${text}\n\n`;
  const srt = cue(1, '01,000', '03,500', 'Guten Morgen.') + cue(2, '02,500', '04,900', 'Wer kann denn so viele Wörter in so kurzer Zeit lesen, ohne müde zu werden?');
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'morgen.srt', mimeType: 'application/x-subrip', buffer: Buffer.from(srt) });
  await page.getByRole('button', { name: 'Add captions' }).click();
  await page.getByText(/^Captions in German were added/).waitFor();
  await stage.until(() => [...document.querySelector('video').textTracks].some((t) => t.language === 'de'), null, 'the player does not offer the new captions');
  const cues = page.getByTestId('cues').locator('li');
  check((await cues.count()) === 2, 'the cues are not listed');
  await cues.first().getByRole('button', { name: /^Edit the cue/ }).click();
  await page.getByRole('textbox', { name: /^Text of the cue/ }).fill('Guten Abend.');
  await page.keyboard.press('Enter');
  await cues.first().getByText('Guten Abend.').waitFor();
  await stage.look('the cues');
  await page.setViewportSize({ width: 390, height: 844 });
  await stage.look('the cues on a narrow page');
  await picture(page, 'captions-390');
  await page.setViewportSize({ width: 1280, height: 800 });
  await picture(page, 'captions-1280');
  await page.getByRole('tab', { name: /^Findings/ }).click();
  const finding = page.getByTestId('finding').filter({ hasText: 'aption' }).filter({ has: page.getByRole('button', { name: 'Waive with a reason' }) }).first();
  await finding.getByRole('button', { name: 'Waive with a reason' }).click();
  await page.keyboard.type('It is a joke about speed');
  await page.keyboard.press('Enter');
  await page.getByText('Waived: It is a joke about speed').waitFor();
  await stage.look('the waived finding');
  stage.clean('captions');
  say('added captions, saw them in the player, and waived what the checks found');
}

async function edit(stage, asset) {
  const { page } = stage;
  await page.getByRole('tab', { name: 'Details' }).click();
  await page.getByLabel('Title').fill('A walk in the forest');
  await page.getByLabel('Tags, divided by commas').fill('forest, morning');
  await page.getByLabel('Licence').fill('CC BY 3.0');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'A walk in the forest' }).waitFor();
  check((await page.getByLabel('Tags, divided by commas').inputValue()) === 'forest, morning', 'the tags were not kept');

  // Someone else changes the title after this page was read and before the live event can refresh a touched form.
  await page.getByLabel('Title').fill('My title');
  await page.evaluate(async (id) => {
    const res = await fetch(`/v1/assets/${id}`);
    await fetch(`/v1/assets/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'If-Match': res.headers.get('ETag') }, body: JSON.stringify({ title: 'Their title' }) });
  }, asset);
  await stage.expecting(412, async () => {
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Someone changed this meanwhile.').waitFor();
    await page.getByRole('tabpanel').getByText('Their title', { exact: true }).waitFor();
  });
  await page.getByRole('button', { name: 'Save mine' }).click();
  await page.getByRole('heading', { name: 'My title' }).waitFor();
  for (const tab of ['Findings', 'Renditions', 'Captions', 'History']) {
    await page.getByRole('tab', { name: tab }).click();
    await page.getByRole('tabpanel').waitFor();
    await page.waitForTimeout(300);
    await stage.look(`the ${tab} panel`);
  }
  stage.clean('editing');
  say('edited metadata, met a conflict and resolved it');
}

/** embed plays the shared page in a browser that is not signed in. */
async function embed(stage) {
  const { page } = stage;
  await page.getByRole('tab', { name: 'Renditions' }).click();
  const url = await page.getByLabel('Address of the player page').inputValue();
  const other = await Stage.open(browser, base);
  await other.page.goto(url);
  await other.until(playing, null, 'the player page shows no picture');
  await other.page.evaluate(() => document.querySelector('video').play());
  await other.until(() => document.querySelector('video').currentTime > 0.8, null, 'the player page does not go on');
  await other.look('the player page');
  other.clean('the player page');
  await other.page.context().close();
  say('played the embeddable page without signing in');
}

async function trash(stage, asset) {
  const { page } = stage;
  await page.goto('/library');
  await page.locator(`[data-asset="${asset}"]`).hover();
  await page.getByLabel('Select My title').check();
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Trash' }).click();
  await page.locator(`[data-testid=card][data-asset="${asset}"]`).waitFor({ state: 'detached' });
  await page.goto('/trash');
  const row = page.locator(`[data-testid=trashed][data-asset="${asset}"]`);
  await row.waitFor();
  await stage.look('the trash');
  await row.getByRole('button', { name: 'Restore' }).click();
  await row.waitFor({ state: 'detached' });
  await page.goto('/library');
  await page.locator(`[data-testid=card][data-asset="${asset}"]`).waitFor();
  stage.clean('trash');
  say('trashed and restored it');
}

/** pages looks at each page at two widths in both themes, and keeps pictures when asked. */
async function pages(stage, asset) {
  const { page } = stage;
  const all = { home: '/', library: '/library', asset: `/assets/${asset}`, jobs: '/jobs', collections: '/collections', trash: '/trash', settings: '/settings' };
  for (const part of ['people', 'keys', 'templates', 'health', 'activity']) all[part] = `/settings?part=${part}`;
  const kept = ['home', 'library', 'asset', 'jobs', 'health'];
  if (shots) mkdirSync(shots, { recursive: true });
  for (const theme of ['dark', 'light']) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await page.evaluate((t) => localStorage.setItem('showreel.theme', t), theme);
      for (const [name, path] of Object.entries(all)) {
        await page.goto(path);
        await page.locator('h1').first().waitFor();
        await page.waitForTimeout(name === 'asset' ? 1500 : 350);
        await stage.look(`${name} (${theme}, ${width} px)`);
        if (shots && kept.includes(name)) await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.jpg`), type: 'jpeg', quality: 62 });
      }
    }
  }
  await page.setViewportSize({ width: 360, height: 740 });
  for (const [name, path] of Object.entries(all)) {
    await page.goto(path);
    await page.locator('h1').first().waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(over <= 0, `${name}: ${over} px too wide at 360 px`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  stage.clean('the pages');
  say(`looked at ${Object.keys(all).length} pages at two widths in both themes`);
}

async function signInAgain(stage) {
  const { page } = stage;
  await page.goto('/library');
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await stage.look('sign-in');
  await page.getByLabel('E-mail').fill(person.email);
  await stage.expecting(401, async () => {
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  });
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Library', exact: true }).waitFor();
  stage.clean('signing in');
  say('signed out, was refused with a wrong password, and signed in again');
}
