/** `system` follows what the reader has told the system. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const ORDER: Theme[] = ['system', 'light', 'dark'];

/** What was chosen in this browser. */
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

/** Calls when the colours change, whoever changes them; what is drawn by hand is drawn again then. */
export function onThemeChange(call: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', call);
  addEventListener('page-theme', call);
  return () => {
    system.removeEventListener('change', call);
    removeEventListener('page-theme', call);
  };
}
