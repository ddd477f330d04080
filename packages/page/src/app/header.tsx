import { useState } from 'preact/hooks';
import { addressOfId, NO_FILTERS, runsAddress } from '../route/address.ts';
import { Link, navigate } from '../route/navigation.tsx';
import { chosenTheme, nextTheme, showTheme, type Theme } from '../ui/theme.ts';

const THEME_NAMES: Record<Theme, string> = { system: 'system', light: 'light', dark: 'dark' };
const THEME_SIGNS: Record<Theme, string> = { system: '◐', light: '☀', dark: '☾' };

/** Header of every page: a link to the runs, a search for runs, traces and texts, the theme, and the keys. */
export function Header({ onHelp }: { onHelp: () => void }) {
  const [theme, setTheme] = useState(chosenTheme);
  const changeTheme = (): void => {
    const next = nextTheme(theme);
    showTheme(next);
    setTheme(next);
  };
  return (
    <header class="header">
      <Link to="/" class="home">
        <Mark />
        Runs
      </Link>
      <Search />
      <button
        type="button"
        class="icon"
        id="theme"
        onClick={changeTheme}
        aria-label={`Theme: ${THEME_NAMES[theme]}`}
        title={`Theme: ${THEME_NAMES[theme]} (t)`}
      >
        {THEME_SIGNS[theme]}
      </button>
      <button type="button" class="icon" onClick={onHelp} aria-label="Keys" title="Keys (?)">
        ?
      </button>
    </header>
  );
}

function Search() {
  const [text, setText] = useState('');
  const find = (event: Event): void => {
    event.preventDefault();
    if (!text.trim()) return;
    navigate(addressOfId(text) ?? runsAddress({ ...NO_FILTERS, text, children: true }));
    setText('');
    (document.activeElement as HTMLElement | null)?.blur(); // so that the page handles keys again
  };
  return (
    <form class="search" onSubmit={find}>
      <input
        id="search"
        type="search"
        aria-label="Find a run or a trace by id, or runs by text"
        placeholder="Run id, trace id, or text"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
      <rect class="m1" x="1" y="3" width="11" height="3.4" rx="1.7" />
      <rect class="m2" x="4" y="8.3" width="8" height="3.4" rx="1.7" />
      <rect class="m3" x="9" y="13.6" width="10" height="3.4" rx="1.7" />
    </svg>
  );
}
