import {
  type Authority,
  createAuthority,
  type Files,
  type Issued,
  type Subject,
  temporaryFiles,
} from './certificates.ts';
import { startCollector, type TestCollector, type TestCollectorOptions } from './collector.ts';

/** Collectors with good and bad certificates, and the files of a client, made for one test file. */
export interface TlsCases {
  readonly ca: string;
  readonly otherCa: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly strangerCert: string;
  readonly strangerKey: string;
  /** PEM of the authority in `ca`. */
  readonly authority: Authority;
  collector(name: CollectorKind, more?: TestCollectorOptions): Promise<TestCollector>;
  close(): void;
}

type CollectorKind = 'good' | 'mutual' | 'expired' | 'wrongHost';

const LOCAL = ['localhost', '127.0.0.1'];

/** Subjects of the collectors' certificates. */
const SUBJECTS: Readonly<Record<CollectorKind, Subject>> = {
  good: { name: 'collector', hosts: LOCAL },
  mutual: { name: 'collector', hosts: LOCAL },
  expired: { name: 'expired', hosts: LOCAL, expired: true },
  wrongHost: { name: 'elsewhere', hosts: ['collector.example.com'] },
};

export async function tlsCases(): Promise<TlsCases> {
  const files: Files = temporaryFiles();
  const [authority, other] = await Promise.all([createAuthority('Test CA'), createAuthority('Other CA')]);
  const [client, stranger] = await Promise.all([
    authority.issue({ name: 'engine' }),
    other.issue({ name: 'stranger' }),
  ]);
  const started: TestCollector[] = [];
  const pair = ({ certificate, key }: Issued, name: string) => ({
    cert: files.write(`${name}.crt`, certificate),
    key: files.write(`${name}.key`, key),
  });
  const [clientFiles, strangerFiles] = [pair(client, 'client'), pair(stranger, 'stranger')];
  return {
    authority,
    ca: files.write('ca.crt', authority.certificate),
    otherCa: files.write('other-ca.crt', other.certificate),
    clientCert: clientFiles.cert,
    clientKey: clientFiles.key,
    strangerCert: strangerFiles.cert,
    strangerKey: strangerFiles.key,
    collector: async (name, more = {}) => {
      const issued = await authority.issue(SUBJECTS[name]);
      const tls = name === 'mutual' ? { ...issued, clientCa: authority.certificate } : issued;
      const collector = await startCollector('127.0.0.1', { ...more, tls });
      started.push(collector);
      return collector;
    },
    close: () => {
      for (const collector of started) collector.close();
      files.remove();
    },
  };
}
