import { render } from 'preact';
import { App } from './app.tsx';
import { chosenTheme, showTheme } from './shell/theme.ts';
import './style/page.css';

showTheme(chosenTheme());
render(<App />, document.getElementById('page')!);
