// The part of the analysis journey that is about the registry of people: the switch, names that spread, confirming, rejecting,
// taking out, merging, consent, export and revoking.
import { check, say } from './stage.mjs';

const json = (page, path) => page.evaluate((p) => fetch(p).then((r) => r.json()), path);
const said = (page, text) => page.locator('[role=status]').filter({ hasText: text }).first().waitFor({ timeout: 30_000 });

/** turnsOn finds comparison off, reads why, and turns it on with a basis. */
export async function turnsOn(stage) {
  const { page } = stage;
  await page.goto('/people');
  const box = page.getByTestId('biometrics');
  await box.waitFor();
  check((await box.getAttribute('data-on')) === 'false', 'faces and voices are compared before anybody said so');
  check(/biometric data/.test(await box.innerText()), 'the page does not say what is being turned on');
  await page.getByText('Nobody is known here yet').waitFor();
  await stage.look('the people, empty');
  await box.getByRole('button', { name: 'Turn it on…' }).click();
  const sure = box.getByRole('button', { name: 'Turn it on', exact: true });
  check(await sure.isDisabled(), 'it can be turned on without a basis');
  await page.keyboard.type('release forms of the cast');
  await stage.look('turning it on');
  await sure.click();
  await said(page, 'compared from now on');
  check((await box.getAttribute('data-on')) === 'true' && (await box.innerText()).includes('release forms of the cast'), 'it was not turned on');
  stage.clean('the switch');
  say('faces and voices were off; turned on with a stated basis');
}

/** namesFace names a face by keyboard; the name is on the other asset too. */
export async function namesFace(stage, film, picture, name) {
  const { page } = stage;
  await page.goto('/people');
  const faces = page.locator('[data-group][data-kind=face]');
  await faces.first().waitFor({ timeout: 30_000 });
  await stage.until(() => [...document.querySelectorAll('[data-group] img')].some((i) => i.complete && i.naturalWidth > 0), null, 'no face has a picture');
  await stage.look('the faces without a name');
  const waiting = await json(page, '/v1/people/unnamed');
  const both = waiting.items.find((c) => c.face.kind === 'face' && c.assets.includes(film) && c.assets.includes(picture));
  check(both, `the face of both assets is not one group: ${JSON.stringify(waiting.items.map((c) => [c.face.kind, c.faces, c.assets]))}`);
  await page.locator(`[data-group="${both.face.group}"]`).focus();
  await page.keyboard.press('n');
  await stage.until(() => document.activeElement?.closest('[data-naming]'), null, 'N did not open the name');
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await said(page, `Named ${name}`);
  await page.getByTestId('known').getByRole('link', { name }).waitFor();
  await page.goto(`/assets/${picture}`);
  await page.getByRole('tab', { name: 'People' }).click();
  await page.getByTestId('values').getByText(name).first().waitFor();
  await page.getByTestId('boxes').getByText(new RegExp(`^${name}`)).first().waitFor();
  stage.clean('naming a face');
  say(`named a face by keyboard; the other asset shows ${name}`);
}

async function open(page, name) {
  await page.goto('/people');
  await page.getByTestId('known').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.getByTestId('appearances').locator('[data-face]').first().waitFor();
}

/** decides leads to a moment, confirms and rejects by keyboard, and takes one out under another name. */
export async function decides(stage, film, picture, name) {
  const { page } = stage;
  await open(page, name);
  await stage.look('a person');
  const rows = page.getByTestId('appearances').locator('[data-face]');
  const total = await rows.count();
  const other = page.getByTestId('appearances').locator('[data-face][data-how=matched]').first();
  const face = await other.getAttribute('data-face');
  const row = page.locator(`[data-face="${face}"]`);
  await row.focus();
  await page.keyboard.press('a');
  await said(page, 'Confirmed');
  await page.locator(`[data-face="${face}"][data-how=confirmed]`).waitFor();
  await row.focus();
  await page.keyboard.press('x');
  await said(page, `Not ${name}`);
  await row.waitFor({ state: 'detached' });
  check((await rows.count()) < total, `of ${total} one was rejected, ${await rows.count()} are left`);
  await page.evaluate(([id, to]) => fetch(`/v1/faces/${id}/person`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: to }) }), [face, name]);
  await open(page, name);
  await page.locator(`[data-face="${face}"]`).focus();
  await page.keyboard.press(' ');
  await page.getByLabel('Name of the other person').fill('Her Double');
  await page.getByLabel('Name of the other person').press('Enter');
  await said(page, 'They are Her Double now');
  await page.locator(`[data-face="${face}"]`).waitFor({ state: 'detached' });
  await page.goto('/people');
  await page.getByLabel(`Select ${name}`).check();
  await page.getByLabel('Select Her Double').check();
  await page.getByLabel('One person, called').selectOption({ label: name });
  await page.getByRole('button', { name: 'Merge 2 people' }).click();
  await said(page, 'one person now');
  check((await page.getByTestId('known').getByText('Her Double').count()) === 0, 'two people were not merged');
  await open(page, name);
  check((await page.getByTestId('appearances').locator('[data-face]').count()) === total, 'merging lost a face');
  const shown = (await json(page, `/v1/assets/${film}/faces`)).items.find((f) => f.personName === name);
  await page.locator(`[data-face="${shown.id}"] a`).click();
  await stage.until((ms) => document.querySelector('video')?.readyState >= 2 && Math.abs(document.querySelector('video').currentTime * 1000 - ms) < 300, shown.atMs, `the film does not stand at ${shown.atMs} ms`);
  stage.clean('deciding about faces');
  say('confirmed, rejected, took out and merged; an appearance opened the film at its moment');
}

/** consents records one with an end, exports, and revokes it. */
export async function consents(stage, film, name) {
  const { page } = stage;
  await open(page, name);
  await page.getByRole('button', { name: 'Record a consent…' }).click();
  await page.getByLabel('What did they agree to?').fill('release form, signed');
  await page.getByLabel('Ends on (optional)').fill('2031-05-03');
  await page.getByRole('button', { name: 'Record it' }).click();
  await said(page, 'recorded');
  check(/Consent until .*2031/.test(await page.getByTestId('consent').innerText()), await page.getByTestId('consent').innerText());
  const waits = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export' }).click();
  let text = '';
  for await (const part of await (await waits).createReadStream()) text += part;
  const held = JSON.parse(text);
  check(held.person.name === name && held.consents[0].basis === 'release form, signed' && held.appearances.length > 0 && held.vectors > 0 && !text.includes('"vector"'), `the export: ${text.slice(0, 300)}`);
  await page.getByRole('button', { name: 'Revoke…' }).click();
  await page.getByRole('checkbox', { name: /Blur their face/ }).check();
  await stage.look('revoking a consent');
  await page.getByRole('button', { name: `Revoke the consent of ${name}` }).click();
  await said(page, 'not recognised any more');
  await page.getByTestId('consent').getByText('Consent revoked').waitFor();
  check(!(await json(page, `/v1/assets/${film}/faces`)).items.some((f) => f.personName === name), 'the film still shows who withdrew');
  const left = page.getByTestId('shown').locator('li');
  await left.first().waitFor();
  await stage.look('who withdrew');
  const hidden = await json(page, `/v1/assets/${film}/redactions`);
  check(hidden.items.some((r) => r.ask.what.includes('withheld')), `no blurred rendition was asked for: ${JSON.stringify(hidden.items)}`);
  stage.clean('consent');
  say('recorded a consent, exported, and revoked it with a blurred rendition asked for');
}

/** turnsOff erases every likeness. */
export async function turnsOff(stage) {
  const { page } = stage;
  await page.goto('/people');
  await page.getByRole('button', { name: 'Turn it off…' }).click();
  await page.getByRole('button', { name: /^Turn it off and erase/ }).click();
  await said(page, 'Every likeness is erased');
  const setting = await json(page, '/v1/settings/biometrics');
  check(!setting.enabled && setting.vectors === 0, `after turning it off: ${JSON.stringify(setting)}`);
  stage.clean('turning it off');
  say('turned the comparison off; no likeness is left');
}
