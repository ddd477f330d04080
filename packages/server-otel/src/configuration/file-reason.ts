/** Why a file cannot be read, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code || 'it cannot be read');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is none at this path',
  ENOTDIR: 'there is none at this path',
  EACCES: 'this process may not read it',
  EPERM: 'this process may not read it',
  EISDIR: 'it is a directory',
};
