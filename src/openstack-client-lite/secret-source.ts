/** A password, token or application credential secret that is kept elsewhere than in the settings, and may be rotated there. */
import { OpenStackError } from './errors.ts';
import { exposedWarning, readChecked } from './file-modes.ts';
import { Secret } from './secret.ts';

export interface SecretSource {
  /** For messages, like `cloud.secretFile /run/secrets/keystone`. */
  readonly description: string;
  /** What the operator should be told of it. */
  readonly warnings: readonly string[];
  /** The secret as it is now; asked anew for each login. */
  readonly read: () => Promise<Secret>;
}

/** A secret has some dozens of characters; Keystone's longest token some thousands. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** The secret in a file, which is read once at once; `label` names the setting. Throws CLOUD_CONFIG_UNREADABLE. */
export async function secretInFile(file: string, label: string): Promise<SecretSource> {
  const description = `${label} ${file}`;
  const { isExposed } = await readSecret();
  return {
    description,
    warnings: isExposed ? [exposedWarning(file, label)] : [],
    read: async () => (await readSecret()).secret,
  };

  async function readSecret(): Promise<{ readonly secret: Secret; readonly isExposed: boolean }> {
    const { text, isExposed: isReadByOthers } = await readChecked(file, label, MAX_SECRET_BYTES);
    return { secret: toSecret(text, description), isExposed: isReadByOthers };
  }
}

/** The text without the newline at its end; none at all is CLOUD_CONFIG_UNREADABLE. */
export function toSecret(text: string, description: string): Secret {
  const secret = text.replace(/\r?\n$/v, '');
  if (secret === '') {
    throw new OpenStackError(
      'CLOUD_CONFIG_UNREADABLE',
      `${description} holds no secret: it is empty`,
    );
  }
  return new Secret(secret);
}
