// The journey of a transcript, on the real server with real models. Usage:
//
//	node analysis.mjs BASE-URL SET-UP-LINK FILM
//
// The film is spoken English. Watches the transcript arrive without a reload, follows the player word by word, and corrects,
// splits, joins and replaces by keyboard, with the machine's text beside the person's.
import { basename } from 'node:path';
import { check, fail, launch, say, Stage } from './stage.mjs';

const [base, link, film] = process.argv.slice(2);
if (!base || !link || !film) fail('usage: node analysis.mjs BASE-URL SET-UP-LINK FILM');
const person = { name: 'Ada Keeper', email: 'ada@example.org', password: 'the lamp is lit at dusk' };
const WAIT_MS = 240_000;

const browser = await launch();
try {
  const stage = await Stage.open(browser, base);
  const asset = await begin(stage);
  // While the film is still growing, a piece may be asked for before it is there; the player asks again.
  await stage.expecting(404, () => arrives(stage, asset));
  await follows(stage);
  await edits(stage, asset);
  say('the journey is complete');
} catch (err) {
  console.error(`FAILED: ${err.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

function transcript(page) {
  return page.getByTestId('transcript');
}

function rows(page) {
  return transcript(page).locator('li[data-utterance]');
}

async function begin({ page }) {
  await page.goto(link);
  await page.getByLabel('Your name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Create administrator' }).click();
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  await page.goto('/library');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add media' }).click();
  await page.getByRole('menuitem', { name: 'Files…' }).click();
  await (await chooser).setFiles(film);
  const card = page.getByTestId('card').filter({ hasText: basename(film).replace(/\.\w+$/, '') });
  await card.waitFor({ timeout: 60_000 });
  const id = await card.getAttribute('data-asset');
  say('added the film');
  return id;
}

/** arrives opens the page at once: the words come without a reload, and every ability ends well. */
async function arrives(stage, asset) {
  const { page } = stage;
  await page.goto(`/assets/${asset}`);
  await page.getByRole('tab', { name: 'Transcript' }).click({ timeout: 60_000 });
  await page.evaluate(() => (globalThis.sameDocument = true));
  await rows(page).first().waitFor({ timeout: WAIT_MS });
  check(await page.evaluate(() => globalThis.sameDocument === true), 'the page was loaded anew');
  say('the transcript came without a reload');
  await page.getByRole('tab', { name: /^Analysis/ }).click();
  const list = page.getByTestId('abilities').locator('li');
  const want = await list.count();
  check(want > 10, `${want} abilities are listed`);
  await stage.until((n) => document.querySelectorAll('[data-testid=abilities] li[data-state=done]').length === n, want, 'not every ability was ready', WAIT_MS).catch(async (err) => {
    fail(`${err.message}: ${(await page.getByTestId('abilities').innerText()).replaceAll('\n', ' ')}`);
  });
  await stage.look('the analysis panel');
  stage.clean('analysis');
  say(`all ${want} abilities are ready`);
}

/** follows clicks a word, expects the player there, and lets it run: the lit word goes on. */
async function follows(stage) {
  const { page } = stage;
  await page.getByRole('tab', { name: 'Transcript' }).click();
  const third = rows(page).nth(1).locator('[data-w]').nth(2);
  await third.click();
  const lit = () => document.querySelector('[data-testid=transcript] [data-w].bg-accent')?.textContent;
  await stage.until((want) => document.querySelector('[data-testid=transcript] [data-w].bg-accent')?.textContent === want, await third.innerText(), 'the clicked word is not lit');
  const from = await page.evaluate(lit);
  await page.evaluate(() => document.querySelector('video').play());
  await stage.until((was) => { const el = document.querySelector('[data-testid=transcript] [data-w].bg-accent'); return el && el.textContent !== was; }, from, 'the lit word does not follow the player');
  await page.evaluate(() => document.querySelector('video').pause());
  const [a, b] = [rows(page).first().locator('[data-w]').nth(0), rows(page).first().locator('[data-w]').nth(2)];
  const [p, q] = [await a.boundingBox(), await b.boundingBox()];
  await page.mouse.move(p.x + 1, p.y + p.height / 2);
  await page.mouse.down();
  await page.mouse.move(q.x + q.width - 1, q.y + q.height / 2, { steps: 6 });
  await page.mouse.up();
  const picked = await page.getByTestId('picked').innerText();
  check(picked.startsWith('3 words'), `three words were marked, the page says ${picked}`);
  const inout = await page.getByTestId('inout').innerText();
  check(picked.includes(inout.split(' – ')[0]), `marked ${picked}, the timeline has ${inout}`);
  await page.getByTestId('words').first().click({ position: { x: 2, y: 2 } });
  stage.clean('following');
  say('followed the player word by word, and made a range of words');
}

/** edits corrects by keyboard alone. */
async function edits(stage, asset) {
  const { page } = stage;
  const status = page.getByRole('tabpanel');
  const field = () => transcript(page).locator('textarea');
  const first = (await rows(page).first().getByTestId('words').innerText()).trim();
  await page.evaluate(() => (document.querySelector('video').currentTime = 1.5));
  await page.waitForTimeout(300);
  await page.getByRole('slider', { name: 'Position' }).focus();
  await page.keyboard.press('e');
  await field().waitFor();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('Corrected: ');
  await stage.look('editing the transcript');
  await page.keyboard.press('Tab');
  await status.getByText('Saved.').waitFor();
  await stage.until(() => document.activeElement?.closest('[data-i]')?.dataset.i === '1', null, 'Tab did not go on to the next utterance');
  await page.keyboard.press('Escape');
  await rows(page).first().getByText('Corrected:').first().waitFor();
  await rows(page).first().hover();
  await rows(page).first().getByRole('button', { name: /^Compare/ }).click();
  const told = page.getByTestId('compare');
  await told.waitFor();
  check((await told.locator('ins').innerText()) === 'Corrected:' && (await told.locator('del').count()) === 0, `the comparison says ${await told.innerText()}`);
  check((await told.innerText()).includes(first.split(' ')[0]), 'the machine’s words are not beside');

  const before = await rows(page).count();
  await rows(page).first().hover();
  await rows(page).first().getByRole('button', { name: /^Edit/ }).click();
  await page.keyboard.press('Control+Home');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Control+ArrowRight');
  await page.keyboard.press('Control+Enter');
  await status.getByText('Split in two.').waitFor();
  await stage.until((n) => document.querySelectorAll('[data-utterance]').length === n, before + 1, 'the utterance was not split');
  await rows(page).nth(1).hover();
  await rows(page).nth(1).getByRole('button', { name: /^Edit/ }).click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Backspace');
  await status.getByText('Joined').waitFor();
  await stage.until((n) => document.querySelectorAll('[data-utterance]').length === n, before, 'the utterances were not joined');
  check((await rows(page).first().getByTestId('words').innerText()).replace(/\s+/g, ' ').trim() === `Corrected: ${first.replace(/\s+/g, ' ')}`, 'splitting and joining changed the words');

  await page.getByLabel('Find in the transcript').fill('corrected:');
  await page.getByText('1 of 1').waitFor();
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await page.getByLabel('Replace with').fill('Amended:');
  await page.getByRole('button', { name: /^All/ }).click();
  await rows(page).first().getByText('Amended:').first().waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await rows(page).first().getByText('Corrected:').first().waitFor();
  await page.getByLabel('Find in the transcript').fill('');
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await page.evaluate((id) => fetch(`/v1/assets/${id}/analysis`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ mode: 'all', only: ['speech'] }) }), asset);
  await stage.until((id) => fetch(`/v1/assets/${id}/analysis`).then((r) => r.json()).then((o) => o.run?.state !== 'open'), asset, 'the second transcription does not end', WAIT_MS);
  check((await page.evaluate((id) => fetch(`/v1/assets/${id}/transcript?format=txt`).then((r) => r.text()), asset)).includes('Corrected:'), 'a later run took the person’s words away');
  stage.clean('editing');
  say('corrected, compared, split, joined and replaced by keyboard; a later run kept it');
}
