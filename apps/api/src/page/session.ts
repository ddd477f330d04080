import type { Context } from 'hono';

/** The token that the page of a development server has without anybody entering it. */
export interface DevelopmentSession {
  token: string;
  tenantId: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Whether an address reaches nobody but this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1';
}

/**
 * Whether the page itself asks, on this machine: a site elsewhere can have its name resolve to this address, but then
 * the request names that site, and a browser says of every request whose page made it.
 */
export function isAskedByItself(c: Context): boolean {
  const site = c.req.header('sec-fetch-site') ?? 'none';
  return isLoopback(c.req.header('host') ?? '') && ['same-origin', 'none'].includes(site);
}
