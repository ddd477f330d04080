/** Folder of the built page: `index.html` and its assets. `npm run build` writes it. */
export const assets: URL = new URL('./dist/', import.meta.url);
