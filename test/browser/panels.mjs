// The part of the analysis journey that is about panels and pages: values, the review queue, the models, and the look of each at
// two widths in both themes. SHOTS=FOLDER keeps screenshots.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { check, say } from './stage.mjs';

const shots = process.env.SHOTS ?? '';

/** values tells model and score of what has the pointer or the keyboard, and accepts, corrects and rejects by keyboard. */
export async function values(stage, asset) {
  const { page } = stage;
  await page.getByRole('tab', { name: 'Text' }).click();
  const list = page.getByTestId('values').locator('[data-value]');
  await list.first().waitFor();
  const told = page.getByTestId('told');
  await list.nth(1).hover();
  await stage.until(() => /\d+ % sure/.test(document.querySelector('[data-testid=told]').textContent), null, 'pointing at a value does not tell its score');
  const accepted = await list.first().getAttribute('data-value');
  await list.first().focus();
  const model = await page.evaluate(([a, id]) => fetch(`/v1/assets/${a}/annotations?track=text`).then((r) => r.json()).then((l) => l.items.find((n) => n.id === id).model), [asset, accepted]);
  check((await told.innerText()).includes(model), `the keyboard’s value is by ${model}, told is ${await told.innerText()}`);
  await page.keyboard.press('a');
  await page.locator(`[data-value="${accepted}"][data-locked=true]`).waitFor();
  await page.locator(`[data-value="${accepted}"]`).focus();
  await page.keyboard.press('e');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Write to the harbour');
  await page.keyboard.press('Enter');
  await page.locator(`[data-value="${accepted}"]`).getByText('Write to the harbour').waitFor();
  await page.locator(`[data-value="${accepted}"]`).focus();
  await page.keyboard.press('ArrowDown');
  const rejected = await page.evaluate(() => document.activeElement.dataset.value);
  check(rejected && rejected !== accepted, 'the arrow did not go on');
  await page.keyboard.press('x');
  await page.locator(`[data-value="${rejected}"]`).waitFor({ state: 'detached' });
  const left = await page.evaluate((id) => fetch(`/v1/assets/${id}/annotations?track=text`).then((r) => r.json()), asset);
  check(left.items.some((n) => n.id === accepted && n.lockedBy && n.text === 'Write to the harbour') && !left.items.some((n) => n.id === rejected), 'the decisions are not on the server');
  await page.evaluate((n) => (document.querySelector('video').currentTime = (n.startMs + n.endMs) / 2000), left.items.find((n) => n.id === accepted));
  await stage.until(() => document.querySelectorAll('[data-testid=boxes] > div').length > 0, null, 'no box is drawn over the picture');
  await page.getByRole('button', { name: 'Boxes' }).click();
  check((await page.getByTestId('boxes').count()) === 0, 'the boxes cannot be switched off');
  await page.getByRole('button', { name: 'Boxes' }).click();
  stage.clean('values');
  say('accepted, corrected and rejected values by keyboard, and saw their boxes');
}

/** reviews plays a flag's range, rejects it and confirms the next, all by keyboard. */
export async function reviews(stage, asset) {
  const { page } = stage;
  await page.goto('/review');
  const flag = page.getByTestId('flag');
  await flag.waitFor({ timeout: 30_000 });
  const flags = () => page.evaluate((a) => fetch(`/v1/assets/${a}/annotations?track=pii,moderation`).then((r) => r.json()).then((l) => l.items), asset);
  const before = await flags();
  check(before.length > 1, `${before.length} flags wait`);
  const id = await flag.getAttribute('data-flag');
  await stage.until((ms) => document.querySelector('video')?.readyState >= 2 && Math.abs(document.querySelector('video').currentTime * 1000 - ms) < 100, before.find((n) => n.id === id).startMs, 'the player does not stand where the flag begins');
  await page.waitForTimeout(500);
  await stage.look('the review queue');
  await keep(page, 'review');
  await page.keyboard.press(' ');
  await stage.until((ms) => document.querySelector('video').currentTime * 1000 > ms, before.find((n) => n.id === id).startMs + 100, 'the range does not play');
  await page.keyboard.press('x');
  await page.locator(`[data-testid=flag][data-flag="${id}"]`).waitFor({ state: 'detached' });
  await page.getByText(/^Rejected: /).waitFor();
  const next = await flag.getAttribute('data-flag');
  await page.keyboard.press('a');
  await page.getByText(/^Confirmed: /).waitFor();
  const after = await flags();
  check(!after.some((n) => n.id === id), 'the rejected flag is still there');
  check(after.some((n) => n.id === next && n.lockedBy), 'the confirmed flag is not a person’s');
  stage.clean('review');
  say('played a flag’s range, rejected it and confirmed the next by keyboard');
}

/** models lists what is installed, under which licence, and verifies one. */
export async function models(stage) {
  const { page } = stage;
  await page.goto('/settings?part=models');
  await page.getByTestId('able').waitFor({ timeout: 60_000 });
  const list = page.getByTestId('models').locator('[data-model]');
  await list.first().waitFor();
  check((await list.count()) > 10, `${await list.count()} models are listed`);
  check((await list.filter({ hasText: 'In use' }).count()) > 5, 'hardly a model is in use');
  const small = page.locator('[data-model="ppocr-v6-det"]');
  await small.getByRole('button', { name: 'Verify' }).click();
  await small.getByText('Ready').waitFor();
  check((await page.getByRole('alert').count()) === 0, 'verifying a model failed');
  stage.clean('models');
  say(`the models page lists ${await list.count()} models`);
}

export async function keep(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.jpg`), type: 'jpeg', quality: 62 });
}

/** looks opens each panel and page at two widths in both themes; what axe finds hangs on the theme or on the width, never on both. */
export async function looks(stage, asset) {
  const { page } = stage;
  const known = await page.evaluate(() => fetch('/v1/people').then((r) => r.json()).then((l) => l.items.find((p) => p.faces > 0).id));
  const places = { people: '/people', person: `/people/${known}`, review: '/review', models: '/settings?part=models' };
  for (const theme of ['dark', 'light']) {
    await page.evaluate((t) => localStorage.setItem('showreel.theme', t), theme);
    for (const width of [1280, 390]) {
      const look = (name) => (theme === 'light' && width === 390 ? stage.fits(name) : stage.look(name));
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await page.goto(`/assets/${asset}`);
      await stage.until(() => document.querySelector('video')?.readyState >= 2, null, 'the player does not open');
      await page.evaluate(() => (document.querySelector('video').currentTime = 10.5));
      for (const tab of ['Transcript', 'People', 'Objects', 'Text', 'Topics', 'Flags', 'Analysis']) {
        const at = page.getByRole('tab', { name: new RegExp(`^${tab}`) });
        if ((await at.count()) === 0) continue;
        await at.click();
        await page.waitForTimeout(200);
        await look(`${tab} (${theme}, ${width} px)`);
        await keep(page, `${tab.toLowerCase()}-${theme}-${width}`);
      }
      for (const [name, path] of Object.entries(places)) {
        await page.goto(path);
        await page.locator('h1, h2').first().waitFor();
        await page.waitForTimeout(name === 'review' || name === 'models' ? 1200 : 500);
        await look(`${name} (${theme}, ${width} px)`);
        await keep(page, `${name}-${theme}-${width}`);
      }
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  stage.clean('the looks');
  say('looked at every panel and page at two widths in both themes');
}
