/** Who asks: an API token, and the tenant that it is for. */
export interface Session {
  token: string;
  tenantId: string;
}

const KEY = 'hatchet-token';

/**
 * The session of this tab: what was entered, or else what a development server on this machine hands out. The token is in
 * `sessionStorage` only, never in an address.
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

/** Keeps a token that is one, for this tab. */
export function enterToken(text: string): Session | undefined {
  const token = text.trim().replace(/^bearer\s+/i, '');
  const session = sessionOf(token);
  if (session) sessionStorage.setItem(KEY, token);
  return session;
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** A token says for which tenant it is: `sub`. Whether it is true, the server finds out. */
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
