/** Color theme; `system` follows the setting of the operating system. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const ORDER: Theme[] = ['system', 'light', 'dark'];

/** Reads the theme that was chosen in this browser. */
export function chosenTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  return ORDER.find((theme) => theme === chosen) ?? 'system';
}

export function showTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset.theme = theme;
  }
  dispatchEvent(new Event('page-theme'));
}

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length]!;
}

/** Calls back when the colors change, by choice or with the system, so that a canvas can be redrawn. */
export function onThemeChange(call: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', call);
  addEventListener('page-theme', call);
  return () => {
    system.removeEventListener('change', call);
    removeEventListener('page-theme', call);
  };
}
