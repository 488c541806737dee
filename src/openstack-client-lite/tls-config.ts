/** The certificates that a connection needs: reads the files that the settings name, and checks that they can be used. */
import { createSecureContext } from 'node:tls';
import { expandPath, type Surroundings } from './cloud-files.ts';
import { type CheckedFile, exposedWarning, readChecked } from './file-modes.ts';
import { Secret } from './secret.ts';
import type { Settings } from './settings.ts';

/** PEM texts, already read; without `ca` the system's and Node's own authorities count. */
export interface TlsConfig {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: Secret | undefined;
  readonly isVerified: boolean;
}

export interface FoundTls {
  readonly tls: TlsConfig;
  /** A private key that other users may read. */
  readonly warnings: readonly string[];
}

/** Throws CLOUD_CONFIG_UNREADABLE or CLOUD_CONFIG_INVALID. */
export async function readTls(settings: Settings, surroundings: Surroundings): Promise<FoundTls> {
  const read = async (key: string): Promise<PemFile | undefined> =>
    readPem(key, settings, surroundings);
  const [ca, cert, separateKey] = await Promise.all([read('cacert'), read('cert'), read('key')]);
  if (separateKey !== undefined && cert === undefined) {
    throw settings.invalid('cert', `is missing beside ${settings.label('key')}`);
  }
  const key = separateKey ?? cert; // one file may hold both
  checkPem(settings, { ca: ca?.text, cert: cert?.text, key: key?.text });
  return {
    tls: {
      ca: ca?.text,
      cert: cert?.text,
      key: key && new Secret(key.text),
      isVerified: isVerified(settings),
    },
    warnings: key?.isExposed === true ? [exposedWarning(key.file, key.purpose)] : [],
  };
}

function isVerified(settings: Settings): boolean {
  return !(settings.flag('insecure') ?? false) && (settings.flag('verify') ?? true);
}

interface PemFile extends CheckedFile {
  readonly file: string;
  readonly purpose: string;
}

async function readPem(
  key: string,
  settings: Settings,
  surroundings: Surroundings,
): Promise<PemFile | undefined> {
  const name = settings.get(key);
  if (name === undefined) {
    return undefined;
  }
  const file = expandPath(name, surroundings);
  const purpose = `${settings.label(key)} of ${settings.source}`;
  return { ...(await readChecked(file, purpose)), file, purpose };
}

interface Pem {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

function checkPem(settings: Settings, { ca, cert, key }: Pem): void {
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw settings.invalid('cacert', 'holds no PEM certificate');
  }
  try {
    createSecureContext({ ca, cert, key });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no valid PEM';
    throw settings.invalid(
      cert === undefined ? 'cacert' : 'cert',
      `cannot be used (${reason}): check that certificate and key are PEM, belong together and have no passphrase`,
    );
  }
}
