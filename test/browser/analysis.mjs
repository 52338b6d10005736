// The journey of the analysis, on the real server with real models. Usage:
//
//	node analysis.mjs BASE-URL SET-UP-LINK FILM PICTURE
//
// The film is spoken English by two people, shows an e-mail address, a telephone number and a face; the picture shows the same
// face. Turns the comparison of faces on, watches the transcript arrive without a reload, edits it, names a speaker and a face,
// decides values in a panel and flags in the review queue, looks at the models, revokes, and looks at every page at two widths
// in both themes. SHOTS=FOLDER keeps screenshots.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { keep, looks, models, reviews, values } from './panels.mjs';
import { consents, decides, namesFace, turnsOff, turnsOn } from './people.mjs';
import { check, fail, launch, say, Stage } from './stage.mjs';
import { edits, follows, names, rows } from './transcript.mjs';

const [base, link, film, picture] = process.argv.slice(2);
if (!base || !link || !film || !picture) fail('usage: node analysis.mjs BASE-URL SET-UP-LINK FILM PICTURE');
const person = { name: 'Ada Keeper', email: 'ada@example.org', password: 'the lamp is lit at dusk' };
const WAIT_MS = 240_000;

const browser = await launch();
const stage = await Stage.open(browser, base);
try {
  await begin(stage);
  await turnsOn(stage);
  const [asset, still] = await adds(stage);
  await arrives(stage, asset);
  await follows(stage);
  await edits(stage, asset, WAIT_MS);
  await names(stage, asset, 'Clara Winslow');
  await values(stage, asset);
  await reviews(stage, asset);
  await stage.until((id) => fetch(`/v1/assets/${id}/analysis`).then((r) => r.json()).then((o) => o.run?.state !== 'open'), still, 'the picture is not analysed', WAIT_MS);
  await namesFace(stage, asset, still, 'Eileen Collins');
  await decides(stage, asset, still, 'Eileen Collins');
  await models(stage);
  await looks(stage, asset);
  await redacts(stage, asset);
  await consents(stage, asset, 'Eileen Collins');
  await turnsOff(stage);
  say('the journey is complete');
} catch (err) {
  console.error(`FAILED: ${err.message}`);
  await keep(stage.page, 'failed').catch(() => undefined);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function begin({ page }) {
  await page.goto(link);
  await page.getByLabel('Your name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Create administrator' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
}

async function adds({ page }) {
  await page.goto('/library');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add media' }).click();
  await page.getByRole('menuitem', { name: 'Files…' }).click();
  await (await chooser).setFiles([film, picture]);
  const out = [];
  for (const file of [film, picture]) {
    const card = page.getByTestId('card').filter({ hasText: basename(file).replace(/\.\w+$/, '') });
    await card.waitFor({ timeout: 60_000 });
    out.push(await card.getAttribute('data-asset'));
  }
  say('added a film and a picture');
  return out;
}

/** arrives opens the page at once: the words come while the analysis works, without a reload, and every ability ends well. */
async function arrives(stage, asset) {
  const { page } = stage;
  await page.goto(`/assets/${asset}`);
  await page.getByRole('tab', { name: 'Transcript' }).click({ timeout: 60_000 });
  check((await rows(page).count()) === 0, 'there are words before anything was heard');
  await page.evaluate(() => (globalThis.sameDocument = true));
  await rows(page).first().waitFor({ timeout: WAIT_MS });
  check(await page.evaluate(() => globalThis.sameDocument === true), 'the page was loaded anew');
  const run = await page.evaluate((id) => fetch(`/v1/assets/${id}/analysis`).then((r) => r.json()), asset);
  check(run.run?.state === 'open', 'the words came only when all was done');
  say('the transcript came while the rest was being made, without a reload');
  await page.getByRole('tab', { name: /^Analysis/ }).click();
  const list = page.getByTestId('abilities').locator('li');
  // Those that nobody asked for, such as a translation, have no state.
  const ready = () => {
    const states = [...document.querySelectorAll('[data-testid=abilities] li')].map((li) => li.dataset.state ?? '');
    return states.every((s) => s === 'done' || s === '') && states.filter((s) => s === 'done').length > 12;
  };
  await stage.until(ready, null, 'not every ability was ready', WAIT_MS).catch(async (err) => {
    fail(`${err.message}: ${(await page.getByTestId('abilities').innerText()).replaceAll('\n', ' ')}`);
  });
  const done = await list.and(page.locator('[data-state=done]')).count();
  stage.clean('analysis');
  say(`all ${done} abilities that were asked for are ready`);
}

/** redacts runs the part about hiding, which is a file of its own. */
async function redacts(stage, asset) {
  const part = new URL('./redact.mjs', import.meta.url);
  if (!existsSync(part)) return;
  const { redacts: run } = await import(part.href);
  if (run) await run(stage, asset);
}
