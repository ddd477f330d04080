import type { Context } from 'hono';

/** Token that a development server gives to its own page, so that nobody has to enter one. */
export interface DevelopmentSession {
  token: string;
  tenantId: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Reports if an address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1';
}

/**
 * Reports if a request comes from the page itself, on this machine. The host name of a foreign site can resolve to
 * this address, but then the `Host` header names that site, and `Sec-Fetch-Site` tells that another site sent the
 * request.
 */
export function isFromOwnPage(c: Context): boolean {
  const site = c.req.header('sec-fetch-site') ?? 'none';
  return isLoopback(c.req.header('host') ?? '') && ['same-origin', 'none'].includes(site);
}
