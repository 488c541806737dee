/** A certificate authority of the test and what it signs, made by openssl in a folder. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes NAME.pem and NAME.key; signed by itself without an issuer. */
export function makeCertificate(
  folder: string,
  name: string,
  { issuer, san }: { readonly issuer?: Certificate; readonly san?: string } = {},
): Certificate {
  const cert = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  const signedBy = issuer === undefined ? [] : ['-CA', issuer.cert, '-CAkey', issuer.key];
  const isCa = issuer === undefined ? 'TRUE' : 'FALSE';
  const names = san === undefined ? [] : ['-addext', `subjectAltName=${san}`];
  execFileSync(
    'openssl',
    [
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ['-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`],
      ['-addext', `basicConstraints=critical,CA:${isCa}`],
      names,
      signedBy,
    ].flat(),
    { stdio: 'pipe' },
  );
  return { cert, key };
}
