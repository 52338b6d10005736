/** Appearance, kept in this browser. static/theme.js reads the same keys before the first paint. */

export type Theme = 'dark' | 'light' | 'system';
export type Density = 'roomy' | 'compact';

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows may refuse storage; the choice then lasts until the page closes.
  }
}

class Prefs {
  theme = $state<Theme>((read('showreel.theme') as Theme) ?? 'dark');
  density = $state<Density>(read('showreel.density') === 'compact' ? 'compact' : 'roomy');

  setTheme(theme: Theme): void {
    this.theme = theme;
    write('showreel.theme', theme);
    const light = theme === 'light' || (theme === 'system' && matchMedia('(prefers-color-scheme: light)').matches);
    document.documentElement.dataset.theme = light ? 'light' : 'dark';
  }

  setDensity(density: Density): void {
    this.density = density;
    write('showreel.density', density);
    document.documentElement.dataset.density = density;
  }
}

export const prefs = new Prefs();
