import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Error if a package that the application has to install is missing; the message has the command. */
class MissingPeerError extends Error {
  override readonly name: string = 'MissingPeerError';
}

/** Package of the application. */
export interface FoundPeer {
  readonly name: string;
  /** File of the package, from which its own dependencies can be resolved. */
  readonly path: string;
}

/** Loaded package of the application. */
export interface Peer extends FoundPeer {
  readonly exports: unknown;
}

/**
 * Loads a package that the application chooses.
 *
 * @throws MissingPeerError if none is installed; any error of the package itself while it loads
 */
export function loadPeer(names: readonly [string, ...string[]], purpose: string, through?: FoundPeer): Peer {
  const found = findPeer(names, purpose, through);
  return { ...found, exports: createRequire(found.path)(found.path) as unknown };
}

/**
 * Finds a package that the application chooses: the first of `names` that resolves from this package or from the working
 * directory.
 *
 * @param purpose feature that needs the package, for the message
 * @param through another package whose own dependencies are tried too
 * @throws MissingPeerError if none is installed
 */
export function findPeer(names: readonly [string, ...string[]], purpose: string, through?: FoundPeer): FoundPeer {
  const bases = [import.meta.url, join(process.cwd(), 'package.json'), ...(through ? [through.path] : [])];
  for (const require of bases.map((base) => createRequire(base))) {
    for (const name of names) {
      const path = tryResolve(require, name);
      if (path) return { name, path };
    }
  }
  const [first, ...others] = names.map(packageOf);
  const instead = others.length > 0 ? ` (or ${others.join(' or ')})` : '';
  throw new MissingPeerError(
    `@hatchet-ts/sdk-otel: ${purpose} needs ${first}${instead}, which is not installed; run: npm install ${first}`,
  );
}

/** Loads the copy of a package that a peer itself uses. */
export function loadDependency(name: string, peer: Peer): Peer {
  const require = createRequire(peer.path);
  return { name, exports: require(name) as unknown, path: require.resolve(name) };
}

function tryResolve(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
