/** The folder of the built page: `index.html`, and beside it what that names. `npm run build` fills it. */
export const assets: URL = new URL('./dist/', import.meta.url);
