/** An HTTPS server on loopback whose certificate is right in everything but its dates. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import { execa } from 'execa';

export interface ExpiredServer {
  readonly url: string;
  /** The certificate itself, to be trusted. */
  readonly cacert: string;
  readonly close: () => void;
}

/** Makes the certificate in the folder with `openssl ca`, which takes dates of the past. */
export async function startExpired(folder: string): Promise<ExpiredServer> {
  const file = (name: string): string => path.join(folder, name);
  await writeFile(file('index.txt'), '');
  await writeFile(
    file('ca.cnf'),
    `[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectAltName = IP:127.0.0.1
`,
  );
  const openssl = async (...args: string[]) => execa('openssl', args, { cwd: folder });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', ...curve, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=cloud');
  const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
  const files = ['-keyfile', 'key.pem', '-in', 'request.pem', '-out', 'cert.pem'];
  await openssl('ca', '-batch', '-selfsign', '-config', 'ca.cnf', '-notext', ...files, ...dates);
  const [key, cert] = await Promise.all([readFile(file('key.pem')), readFile(file('cert.pem'))]);
  const server = createServer({ key, cert }, (_, response) => response.end());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    cacert: file('cert.pem'),
    close: () => server.close(),
  };
}
