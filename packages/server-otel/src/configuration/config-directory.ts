import { parseArgs } from 'node:util';

/**
 * The directory after `--config` on a command line, as Hatchet's own commands take it: `server.yaml` is looked for
 * there. Undefined when it is not named; other arguments are nobody's business here.
 */
export function configDirectoryOf(args: readonly string[] = process.argv.slice(2)): string | undefined {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } }, strict: false });
  return typeof values.config === 'string' && values.config !== '' ? values.config : undefined;
}
