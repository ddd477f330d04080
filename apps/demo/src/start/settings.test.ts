import { describe, expect, it } from 'vitest';
import { ROOT, startSettings } from './settings.ts';

describe('the settings of npm start', () => {
  it('all have defaults', () => {
    expect(startSettings([], {})).toEqual({
      once: false,
      databaseUrl: undefined,
      grpcPort: 7070,
      httpPort: 8080,
      dataDir: `${ROOT}/.data`.replace('//', '/'),
    });
  });

  it('are read from arguments and environment', () => {
    const env = {
      DATABASE_URL: 'postgres://db/x',
      SERVER_GRPC_PORT: '0',
      SERVER_PORT: '18080',
      HATCHET_DATA_DIR: '/data',
    };
    expect(startSettings(['--once'], env)).toEqual({
      once: true,
      databaseUrl: 'postgres://db/x',
      grpcPort: 0,
      httpPort: 18080,
      dataDir: '/data',
    });
  });

  it.each(['http', '65536', '-1', '7070.5'])('refuse the port %s', (SERVER_PORT) => {
    expect(() => startSettings([], { SERVER_PORT })).toThrow(/^SERVER_PORT is ".*": expected a port from 1 to 65535/);
  });

  it('refuse unknown arguments', () => {
    expect(() => startSettings(['--twice'], {})).toThrow('run `npm start` or `npm start -- --once`');
  });
});
