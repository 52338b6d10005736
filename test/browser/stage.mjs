// What the journeys share: Debian's Chromium, a page that notes every console error and refused request, and the checks of a
// page's look (no horizontal overflow, no serious axe finding).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio']
  });

export function fail(text) {
  throw new Error(text);
}

export function check(ok, text) {
  if (!ok) fail(text);
}

/** say prints one line of the story with the seconds since the start. */
const began = Date.now();
export const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

/** Stage is one page under watch. */
export class Stage {
  constructor(page) {
    this.page = page;
    this.troubles = [];
    this.expected = [];
    // Listening from the start makes the browser hand over its file choosers before the first one opens.
    page.on('filechooser', () => undefined);
    page.on('pageerror', (e) => this.troubles.push(`page error: ${e.message}`));
    page.on('console', (m) => {
      if (m.type() !== 'error') return;
      // Chromium repeats refused requests as console errors; the responses are judged below.
      if (m.text().startsWith('Failed to load resource')) return;
      this.troubles.push(`console: ${m.text()}`);
    });
    page.on('response', (r) => {
      if (r.status() >= 400 && !this.expected.includes(r.status())) this.troubles.push(`${r.status()} ${r.request().method()} ${r.url()}`);
    });
  }

  static async open(browser, base, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: base, permissions: ['clipboard-read', 'clipboard-write'], ...options });
    return new Stage(await context.newPage());
  }

  /** expecting runs fn while answers of a status are part of the test. */
  async expecting(status, fn) {
    this.expected.push(status);
    try {
      await fn();
    } finally {
      this.expected = this.expected.filter((s) => s !== status);
    }
  }

  /** clean fails on anything that went wrong unnoticed. */
  clean(where) {
    check(this.troubles.length === 0, `${where}:\n  ${this.troubles.join('\n  ')}`);
  }

  /** until polls a function in the page. */
  async until(fn, arg, text, ms = 15_000) {
    await this.page.waitForFunction(fn, arg, { timeout: ms, polling: 100 }).catch(() => fail(text));
  }

  /** fits fails where the page is wider than its window. */
  async fits(name) {
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(over <= 0, `${name}: ${over} px wider than the window of ${this.page.viewportSize().width} px`);
  }

  async look(name) {
    await this.fits(name);
    await this.page.evaluate(axe);
    const found = await this.page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }).then((r) => r.violations.map((v) => ({ impact: v.impact, id: v.id, nodes: v.nodes.map((n) => n.target.join(' ')) }))), RULES);
    const grave = found.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    check(grave.length === 0, `${name}: axe: ${grave.map((v) => `${v.id} (${v.impact}) at ${v.nodes.slice(0, 3).join(' | ')}`).join('; ')}`);
  }
}
