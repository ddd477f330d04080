import { describe, expect, it } from 'vitest';
import { type HttpProxy, parseNoProxy, parseProxy, proxyOf } from './proxy.ts';
import { readConfiguration } from './read-configuration.ts';

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;
const PROXY = { host: 'proxy', port: 3128, scheme: 'http', hasDefaultPort: false, authorization: undefined };

describe('HTTPS_PROXY', () => {
  it.each<[string, Partial<HttpProxy>]>([
    ['http://proxy:3128', {}],
    ['proxy:3128', {}],
    ['HTTP://proxy:3128/', {}],
    ['http://proxy:80', { port: 80 }],
    ['http://proxy', { port: 443, hasDefaultPort: true }],
    ['https://proxy:3128', { scheme: 'https' }],
    ['http://[2001:db8::1]:3128', { host: '2001:db8::1' }],
    ['http://user:p%40ss@proxy:3128', { authorization: basic('user:p@ss') }],
    ['user:p%2Fss@proxy:3128', { authorization: basic('user:p/ss') }],
    ['http://user@proxy:3128', { authorization: basic('user:') }],
  ])('%s is read', (text, expected) => {
    expect(parseProxy(text)).toEqual({ ...PROXY, ...expected });
  });

  it.each(['socks5://proxy:1080', 'http://', 'http://proxy:port', 'http://user:%zz@proxy:1'])(
    '%s is ignored with a warning that does not show credentials',
    (text) => {
      const { values, warnings } = readConfiguration({ HTTPS_PROXY: text }, '/nowhere');
      expect(values.httpsProxy).toBeUndefined();
      expect(warnings).toEqual([
        expect.stringMatching(/^HTTPS_PROXY=.*: expected .*http:\/\/host:port.*; ignoring it$/),
      ]);
      expect(warnings.join()).not.toContain('user:%zz');
    },
  );

  it('is also read in lower case, if it is not set in upper case; HTTP_PROXY and gRPC’s own variables are not read', () => {
    const hostOf = (env: Record<string, string>) => {
      const { values } = readConfiguration({ SERVER_OTEL_COLLECTOR_URL: 'collector:4317', ...env }, '/nowhere');
      return proxyOf(values)?.host;
    };
    expect(hostOf({ https_proxy: 'low:1' })).toBe('low');
    expect(hostOf({ https_proxy: 'low:1', HTTPS_PROXY: 'up:1' })).toBe('up');
    expect(hostOf({ https_proxy: 'low:1', HTTPS_PROXY: '' })).toBe('low');
    expect(hostOf({ https_proxy: 'low:1', no_proxy: 'collector' })).toBeUndefined();
    expect(hostOf({ http_proxy: 'x:1', HTTP_PROXY: 'x:1', grpc_proxy: 'x:1', ALL_PROXY: 'x:1' })).toBeUndefined();
  });

  it('is used with a warning where Hatchet’s own services read it in an unexpected way', () => {
    const warningsOf = (env: Record<string, string>) => readConfiguration(env, '/nowhere').warnings;
    const collector = { SERVER_OTEL_COLLECTOR_URL: 'collector:4317' };
    expect(warningsOf({ ...collector, https_proxy: 'https://user:geheim@proxy' })).toEqual([
      'https_proxy: the connection to the proxy itself is plaintext; write http://',
      'https_proxy has no port; using 443; write http://host:port',
    ]);
    expect(warningsOf({ ...collector, https_proxy: 'https://proxy', NO_PROXY: '*' })).toEqual([]);
    expect(warningsOf({ https_proxy: 'https://proxy' })).toEqual([]);
  });
});

// Each row was compared with Go's httpproxy, which gRPC's Go library uses.
describe('the proxy is', () => {
  const isProxied = (host: string, noProxy: string) =>
    proxyOf({ collector: { host, port: 4317 }, httpsProxy: PROXY, noProxy: parseNoProxy(noProxy) }) !== undefined;

  it.each([
    ['collector', ''],
    ['collector', 'other, example.com'],
    ['collector', ':4317'],
    ['collector', 'collector:4318'],
    ['collector', 'lector'],
    ['example.com', '.example.com'],
    ['example.com', '*.example.com'],
    ['notexample.com', 'example.com'],
    ['10.0.0.1', '10.0.0'],
    ['10.0.0.1', '0.0.1'],
    ['10.0.0.1', '10.0.0.1:4318'],
    ['10.0.0.1', '192.168.0.0/16'],
    ['10.0.0.1', '10.0.0.0/33'],
    ['10.0.0.1', '::/0'],
    ['2001:db8::1', '2001:db8::2, 2001:db9::/32'],
    ['localhost.example.com', ''],
  ])('used for %s with NO_PROXY=%s', (host, noProxy) => {
    expect(isProxied(host, noProxy)).toBe(true);
  });

  it.each([
    ['localhost', ''],
    ['127.0.0.1', ''],
    ['127.8.9.1', ''],
    ['::1', ''],
    ['::ffff:127.0.0.1', ''],
    ['collector', '*'],
    ['10.0.0.1', 'a,*'],
    ['collector', 'Collector'],
    ['Collector', 'collector:4317'],
    ['a.example.com', 'example.com'],
    ['a.example.com', 'x, .example.com'],
    ['a.example.com', '*.example.com:4317'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1:4317'],
    ['10.1.2.3', '10.0.0.0/8'],
    ['10.1.2.3', '10.9.9.9/8'],
    ['2001:db8::1', '2001:db8::/32'],
    ['2001:db8::1', '2001:0db8:0::1'],
    ['2001:db8::1', '[2001:db8::1]:4317'],
    ['::ffff:10.0.0.1', '10.0.0.0/8'],
  ])('not used for %s with NO_PROXY=%s', (host, noProxy) => {
    expect(isProxied(host, noProxy)).toBe(false);
  });
});
