import './style/page.css';
import { render } from 'preact';
import { App } from './app/app.tsx';
import { chosenTheme, showTheme } from './ui/theme.ts';

showTheme(chosenTheme());
render(<App />, document.getElementById('page')!);
