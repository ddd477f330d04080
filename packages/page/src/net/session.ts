/** An API token, and its tenant. */
export interface Session {
  token: string;
  tenantId: string;
}

const KEY = 'hatchet-token';

/**
 * Finds the session of this tab: the entered token, or else the token of a development server on this machine. The token
 * is kept in `sessionStorage` only, never in a URL.
 */
export async function findSession(): Promise<Session | undefined> {
  const entered = sessionStorage.getItem(KEY);
  if (entered) return sessionOf(entered);
  try {
    const response = await fetch('/api/page/session', { headers: { accept: 'application/json' } });
    if (!response.ok) return undefined;
    const { token, tenantId } = (await response.json()) as Partial<Session>;
    if (!token) return undefined;
    return tenantId ? { token, tenantId } : sessionOf(token);
  } catch {
    return undefined;
  }
}

/** Keeps a token for this tab if it is well formed. */
export function enterToken(text: string): Session | undefined {
  const token = text.trim().replace(/^bearer\s+/i, '');
  const session = sessionOf(token);
  if (session) sessionStorage.setItem(KEY, token);
  return session;
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** Reads the tenant from a token's `sub` claim; the server verifies the token. */
export function sessionOf(token: string): Session | undefined {
  const payload = token.split('.')[1];
  if (!payload || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  try {
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { sub?: unknown };
    return typeof claims.sub === 'string' && UUID.test(claims.sub) ? { token, tenantId: claims.sub } : undefined;
  } catch {
    return undefined;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
