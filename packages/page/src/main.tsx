import { render } from 'preact';

render(<main>Runs</main>, document.getElementById('page')!);
