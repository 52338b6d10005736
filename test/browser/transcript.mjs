// The part of the analysis journey that is about the transcript: following the player, editing by keyboard, naming speakers,
// downloads. Each function takes a Stage whose page shows the asset.
import { check, say } from './stage.mjs';

const transcript = (page) => page.getByTestId('transcript');
export const rows = (page) => transcript(page).locator('li[data-utterance]');
const spoken = async (page, i) => (await rows(page).nth(i).getByTestId('words').innerText()).replace(/\s+/g, ' ').trim();
const plain = (page, asset) => page.evaluate((id) => fetch(`/v1/assets/${id}/transcript?format=txt`).then((r) => r.text()), asset);

/** writing waits until the field of an utterance has the keyboard, its cursor at the end of the words. */
const writing = (stage) => stage.until(() => document.activeElement?.matches('[data-testid=transcript] textarea') && document.activeElement.selectionStart > 0, null, 'the field of the words did not take the keyboard');

/** follows clicks a word, expects the player there, and lets it run: the lit word goes on. */
export async function follows(stage) {
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
  const [p, q] = [await rows(page).first().locator('[data-w]').nth(0).boundingBox(), await rows(page).first().locator('[data-w]').nth(2).boundingBox()];
  await page.mouse.move(p.x + 1, p.y + p.height / 2);
  await page.mouse.down();
  await page.mouse.move(q.x + q.width - 1, q.y + q.height / 2, { steps: 6 });
  await page.mouse.up();
  const picked = await page.getByTestId('picked').innerText();
  check(/^[23] words/.test(picked), `words were marked, the page says ${picked}`);
  const inout = await page.getByTestId('inout').innerText();
  check(picked.includes(inout.split(' – ')[0]), `marked ${picked}, the timeline has ${inout}`);
  await page.getByTestId('words').first().click({ position: { x: 2, y: 2 } });
  stage.clean('following');
  say('followed the player word by word, and made a range of words');
}

/** edits corrects by keyboard alone: what was written stays after a reload and after the analysis ran again. */
export async function edits(stage, asset, waitMs) {
  const { page } = stage;
  const status = page.getByRole('tabpanel');
  const first = await spoken(page, 0);
  await page.evaluate(() => (document.querySelector('video').currentTime = 1.5));
  await page.waitForTimeout(300);
  await page.getByRole('slider', { name: 'Position' }).focus();
  await page.keyboard.press('e');
  await writing(stage);
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
  await splits(stage);
  check((await spoken(page, 0)) === `Corrected: ${first}`, `splitting and joining changed the words: ${await spoken(page, 0)}`);
  await replaces(stage);
  await again(stage, asset, waitMs);
  say('corrected, compared, split, joined, replaced and undid by keyboard; a reload and a later run kept it');
}

async function splits(stage) {
  const { page } = stage;
  const status = page.getByRole('tabpanel');
  const before = await rows(page).count();
  await rows(page).first().hover();
  await rows(page).first().getByRole('button', { name: /^Edit/ }).click();
  await writing(stage);
  await page.keyboard.press('Control+Home');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Control+ArrowRight');
  await page.keyboard.press('Control+Enter');
  await status.getByText('Split in two.').waitFor();
  await stage.until((n) => document.querySelectorAll('[data-utterance]').length === n, before + 1, 'the utterance was not split');
  await rows(page).nth(1).hover();
  await rows(page).nth(1).getByRole('button', { name: /^Edit/ }).click();
  await writing(stage);
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Backspace');
  await status.getByText('Joined').waitFor();
  await stage.until((n) => document.querySelectorAll('[data-utterance]').length === n, before, 'the utterances were not joined');
}

async function replaces({ page }) {
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
}

async function again(stage, asset, waitMs) {
  const { page } = stage;
  await page.reload();
  await page.getByRole('tab', { name: 'Transcript' }).click();
  await rows(page).first().getByText('Corrected:').first().waitFor();
  await page.evaluate((id) => fetch(`/v1/assets/${id}/analysis`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ mode: 'all', only: ['speech', 'speakers'] }) }), asset);
  await stage.until((id) => fetch(`/v1/assets/${id}/analysis`).then((r) => r.json()).then((o) => o.run?.state !== 'open'), asset, 'the second transcription does not end', waitMs);
  check((await plain(page, asset)).includes('Corrected:'), 'a later run took the person’s words away');
  await rows(page).first().getByText('Corrected:').first().waitFor();
  stage.clean('editing');
}

/** names gives a speaker a name, which the page, the registry and the downloads then carry. */
export async function names(stage, asset, name) {
  const { page } = stage;
  await page.getByRole('button', { name: /^Speaker: Speaker 1/ }).first().click();
  const field = page.getByLabel(/^Name of /);
  await stage.until(() => document.activeElement?.getAttribute('placeholder') === 'Who is this?', null, 'the field of the name did not take the keyboard');
  await page.keyboard.type(name);
  check((await field.inputValue()) === name, `typed ${name}, the field has ${await field.inputValue()}`);
  await page.keyboard.press('Enter');
  await page.getByRole('tabpanel').getByText(`Named ${name} everywhere.`).waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: `Speaker: ${name}. Change the name` }).first().waitFor();
  const known = await page.evaluate(() => fetch('/v1/people').then((r) => r.json()));
  check(known.items.some((p) => p.name === name && p.voices === 1), `the registry has ${JSON.stringify(known.items)}`);
  for (const [format, begins] of [['SRT', /^\ufeff?1\r?\n00:00:/], ['VTT', /^WEBVTT/], ['TXT', new RegExp(`${name}: `)], ['JSON', /^\{"asset"/]]) {
    const waits = page.waitForEvent('download');
    await page.getByRole('link', { name: `Download as ${format}` }).click();
    let text = '';
    for await (const part of await (await waits).createReadStream()) text += part;
    check(begins.test(text) && text.includes('Corrected:'), `${format} of ${asset} begins ${text.slice(0, 120)}`);
  }
  stage.clean('names');
  say(`named a speaker by keyboard; downloads say ${name}`);
}
