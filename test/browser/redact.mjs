// The journey of hiding parts of a film, for a server on which the film is analysed already. `redacts` is called by
// analysis.mjs; on its own it takes a film that is analysed and a browser that may sign in:
//
//	node redact.mjs BASE-URL E-MAIL PASSWORD ASSET
//
// Chooses a spoken word, corrects what was found, draws a box, has it made, watches it beside the original, signs, and plays
// the asset that came of it; a spectator gets nothing of it before the signature. SHOTS=FOLDER keeps screenshots.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { check, fail, launch, say, Stage } from './stage.mjs';

const shots = process.env.SHOTS ?? '';
const MADE_MS = 180_000;

/** redacts hides a word and a box of an asset, and looks at each step at two widths in both themes. */
export async function redacts(stage, asset) {
  const { page } = stage;
  await page.setViewportSize({ width: 1280, height: 800 });
  const word = await spoken(page, asset);
  await page.goto(`/assets/${asset}`);
  await page.getByRole('link', { name: 'Hide parts' }).click();
  await page.getByTestId('redact').waitFor();
  const another = page.getByRole('button', { name: 'Begin another' });
  if (await another.count()) await another.click();
  await state(stage, 'new');
  await page.getByRole('checkbox', { name: /Personal data/ }).check();
  await page.getByRole('button', { name: 'Number plates' }).click();
  await page.getByRole('checkbox', { name: /Certain words/ }).check();
  await page.getByLabel(/Words, one a line/).fill(word);
  await looks(stage, 'redact-choose');
  await page.getByRole('button', { name: 'Number plates' }).click();
  await page.getByRole('checkbox', { name: /Personal data/ }).uncheck();
  await page.getByRole('button', { name: 'Pixels' }).click();
  await page.getByRole('button', { name: 'Look for it' }).click();
  await state(stage, 'marked');
  await corrects(stage);
  await page.getByRole('button', { name: 'Make it' }).click();
  await state(stage, 'draft');
  const id = await page.getByTestId('redact').getAttribute('data-redaction');
  say(`hid “${word}” and a box that was drawn by hand`);
  await watches(stage);
  const spectator = await viewer(page);
  check((await spectator(`/v1/assets/${asset}/redactions/${id}/file`)) === 403, 'a spectator may watch what nobody has signed');
  await signs(stage, asset, id, spectator);
  stage.clean('hiding');
}

/** spoken is a word that is said once. */
async function spoken(page, asset) {
  const list = await page.evaluate((id) => fetch(`/v1/assets/${id}/annotations?track=speech`).then((r) => r.json()).then((l) => l.items.flatMap((a) => (a.words ?? []).map((w) => w.text))), asset);
  const bare = list.map((w) => w.replace(/[^\p{L}]/gu, '').toLowerCase());
  return bare.find((w) => w.length > 4 && bare.filter((x) => x === w).length === 1) ?? fail(`no word to hide in ${list.length}`);
}

async function state(stage, want) {
  await stage.until((s) => document.querySelector('[data-testid=redact]')?.dataset.state === s, want, `it does not become ${want}`, MADE_MS).catch(async (err) => {
    fail(`${err.message}: ${(await stage.page.locator('main').innerText().catch(() => '')).slice(0, 400)}`);
  });
}

/** corrects takes a mark off, puts it back, and adds a box by hand. */
async function corrects(stage) {
  const { page } = stage;
  const marks = page.getByTestId('marks').locator('[data-mark]');
  await marks.first().waitFor();
  const before = await marks.count();
  await page.getByRole('button', { name: /^Do not hide/ }).first().click();
  await page.locator('[data-mark][data-dropped=true]').waitFor();
  await page.getByRole('button', { name: /^Hide after all/ }).click();
  await page.locator('[data-mark][data-dropped=true]').waitFor({ state: 'detached' });
  await stage.until(() => document.querySelector('video')?.readyState >= 2, null, 'the player does not open', 30_000);
  await page.getByRole('textbox', { name: 'From' }).fill('4');
  await page.getByRole('textbox', { name: 'To' }).fill('0:06.5');
  await page.getByLabel('Hide its sound').uncheck();
  await page.getByRole('button', { name: 'Draw a box' }).click();
  const sheet = await page.getByTestId('draw').boundingBox();
  await page.mouse.move(sheet.x + sheet.width * 0.3, sheet.y + sheet.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(sheet.x + sheet.width * 0.6, sheet.y + sheet.height * 0.7, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await stage.until((n) => document.querySelectorAll('[data-testid=marks] [data-mark]').length === n, before + 1, 'the box is not added');
  await page.evaluate(() => (document.querySelector('video').currentTime = 5));
  await stage.until(() => document.querySelectorAll('[data-testid=boxes] > div').length > 0, null, 'the box is not shown over the picture');
  await looks(stage, 'redact-correct', () => page.evaluate(() => (document.querySelector('video').currentTime = 5)));
}

/** watches sees that the draft follows the original, and that the picture is covered where the box was drawn. */
async function watches(stage) {
  const { page } = stage;
  const both = () => [...document.querySelectorAll('video')].map((v) => v.readyState).every((r) => r >= 2) && document.querySelectorAll('video').length === 2;
  await stage.until(both, null, 'original and draft are not both there', 30_000);
  await page.evaluate(() => (document.querySelector('media-controller video, video').currentTime = 5));
  await stage.until(() => [...document.querySelectorAll('video')].every((v) => Math.abs(v.currentTime - 5) < 0.3 && !v.seeking), null, 'the draft does not follow');
  const rough = await page.evaluate(roughness);
  check(rough.draft < rough.original * 0.6, `the box shows ${rough.draft.toFixed(1)} of ${rough.original.toFixed(1)} of its detail`);
  check((await page.getByTestId('rates').innerText()).length > 40, 'nothing is said about what is missed');
  await looks(stage, 'redact-sign', () => stage.until(both, null, 'original and draft are not both there', 30_000));
  say('watched it beside the original');
}

/** roughness is how much neighbouring pixels of the drawn box differ, in both videos. */
function roughness() {
  const [a, b] = [...document.querySelectorAll('video')].map((v) => {
    const c = new OffscreenCanvas(640, 360).getContext('2d');
    c.drawImage(v, 0, 0, 640, 360);
    const d = c.getImageData(256, 144, 96, 72).data;
    let sum = 0;
    for (let y = 0; y < 71; y++) for (let x = 0; x < 95; x++) sum += Math.abs(d[4 * (y * 96 + x)] - d[4 * (y * 96 + x + 1)]);
    return sum / (71 * 95);
  });
  return { original: a, draft: b };
}

/** viewer makes a key that may only watch, and returns what a request with it answers. */
async function viewer(page) {
  const secret = await page.evaluate(() => fetch('/v1/keys', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'spectator', roles: ['viewer'] }) }).then((r) => r.json()).then((k) => k.secret));
  check(secret, 'there is no key for a spectator');
  return async (path) => (await fetch(new URL(path, page.url()), { headers: { Authorization: `Bearer ${secret}` } })).status;
}

/** signs and plays what came of it. */
async function signs(stage, asset, id, spectator) {
  const { page } = stage;
  const sign = page.getByTestId('sign');
  check(await sign.getByRole('button', { name: 'Sign and publish' }).isDisabled(), 'it can be signed unwatched');
  await sign.getByLabel('I have watched it to its end').check();
  const anyway = sign.getByLabel('What the detectors still find may stay');
  if (await anyway.count()) await anyway.check();
  await sign.getByRole('button', { name: 'Sign and publish' }).click();
  await state(stage, 'approved');
  const link = page.getByRole('link', { name: 'Open the asset that plays it' });
  await link.waitFor({ timeout: MADE_MS });
  check((await spectator(`/v1/assets/${asset}/redactions/${id}/file`)) === 200, 'a spectator may not have what is signed');
  await looks(stage, 'redact-signed');
  const made = (await link.getAttribute('href')).split('/').at(-1);
  check(made !== asset, 'it is the same asset');
  await link.click();
  await stage.until(() => document.querySelector('video')?.readyState >= 2, null, 'what was signed does not play', MADE_MS);
  check((await spectator(`/v1/assets/${made}`)) === 200, 'a spectator does not see the new asset');
  say('signed it; it plays as an asset of its own');
}

/** looks checks the page at two widths in both themes and goes back to the first. */
async function looks(stage, name, prepare = async () => undefined) {
  const { page } = stage;
  for (const [theme, width] of [['light', 390], ['light', 1280], ['dark', 390], ['dark', 1280]]) {
    await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme);
    await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
    await prepare();
    await page.waitForTimeout(150);
    await stage.look(`${name} (${theme}, ${width} px)`);
    if (!shots) continue;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`), fullPage: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [base, email, password, asset] = process.argv.slice(2);
  if (!asset) fail('usage: node redact.mjs BASE-URL E-MAIL PASSWORD ASSET');
  const browser = await launch();
  const stage = await Stage.open(browser, base);
  try {
    await stage.expecting(401, async () => {
      await stage.page.goto('/signin');
      await stage.page.getByLabel('E-mail').fill(email);
      await stage.page.getByLabel('Password').fill(password);
      await stage.page.getByRole('button', { name: 'Sign in' }).click();
      await stage.page.getByRole('heading', { name: 'Home' }).waitFor();
    });
    await redacts(stage, asset);
    say('the journey is complete');
  } catch (err) {
    console.error(`FAILED: ${err.message}`);
    if (shots) await stage.page.screenshot({ path: join(shots, 'redact-failed.png'), fullPage: true }).catch(() => undefined);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
