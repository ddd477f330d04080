import {
  type Certificate,
  CertificateAuthority,
  type CertificateSubject,
} from '@hatchet-ts/trace-testing/certificates';
import { OtlpReceiver, type ReceiverOptions } from '@hatchet-ts/trace-testing/receiver';
import { temporaryFiles } from './temporary-files.ts';

/** Collectors with good and bad certificates and the files of a client, for one test file. */
export interface TlsCases {
  readonly ca: string;
  readonly otherCa: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly strangerCert: string;
  readonly strangerKey: string;
  /** The authority in `ca`. */
  readonly authority: CertificateAuthority;
  collector(name: CollectorKind, more?: ReceiverOptions): Promise<OtlpReceiver>;
  close(): void;
}

type CollectorKind = 'good' | 'mutual' | 'expired' | 'wrongHost';

const LOCAL = ['localhost', '127.0.0.1'];

/** Subjects of the collectors' certificates. */
const SUBJECTS: Readonly<Record<CollectorKind, CertificateSubject>> = {
  good: { name: 'collector', hosts: LOCAL },
  mutual: { name: 'collector', hosts: LOCAL },
  expired: { name: 'expired', hosts: LOCAL, expired: true },
  wrongHost: { name: 'elsewhere', hosts: ['collector.example.com'] },
};

export async function tlsCases(): Promise<TlsCases> {
  const files = temporaryFiles();
  const [authority, other] = await Promise.all([
    CertificateAuthority.create(),
    CertificateAuthority.create('Other CA'),
  ]);
  const [client, stranger] = await Promise.all([
    authority.issue({ name: 'engine' }),
    other.issue({ name: 'stranger' }),
  ]);
  const collectors: OtlpReceiver[] = [];
  const write = ({ certificate, key }: Certificate, name: string) => ({
    cert: files.write(`${name}.crt`, certificate),
    key: files.write(`${name}.key`, key),
  });
  const [clientFiles, strangerFiles] = [write(client, 'client'), write(stranger, 'stranger')];
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
      const tls = name === 'mutual' ? { ...issued, clientAuthority: authority.certificate } : issued;
      const collector = await OtlpReceiver.start({ ...more, tls });
      collectors.push(collector);
      return collector;
    },
    close: () => {
      for (const collector of collectors) collector.stop();
      files.remove();
    },
  };
}
