/** Reads files that hold secrets, and looks at who else may read or change them. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { OpenStackError } from './errors.ts';

/** A file as it was read. */
export interface CheckedFile {
  readonly text: string;
  /** Somebody may read it for whom it is not meant. */
  readonly isExposed: boolean;
}

const OTHERS_WRITE = 0o022;
/** Of our own file. */
const OTHERS_READ = 0o044;
/** Of a file that somebody else put there for us, such as a mounted secret: our group may read it. */
const STRANGERS_READ = 0o004;

/**
 * Reads a text file; one that is missing, forbidden, no regular file, longer than `maxBytes`, or writable by others is
 * CLOUD_CONFIG_UNREADABLE. `purpose` is for the message.
 */
export async function readChecked(
  file: string,
  purpose: string,
  maxBytes = Infinity,
): Promise<CheckedFile> {
  let handle: FileHandle | undefined;
  try {
    // A named pipe without a writer would be waited for.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw unreadable({ file, purpose }, 'it is no regular file');
    }
    if ((stats.mode & OTHERS_WRITE) !== 0) {
      throw unreadable({ file, purpose }, `others may change it; run: chmod go-w ${file}`);
    }
    if (stats.size > maxBytes) {
      throw unreadable({ file, purpose }, `it is longer than ${maxBytes.toString()} bytes`);
    }
    const reading = stats.uid === process.getuid?.() ? OTHERS_READ : STRANGERS_READ;
    return { text: await handle.readFile('utf8'), isExposed: (stats.mode & reading) !== 0 };
  } catch (error) {
    if (error instanceof OpenStackError) {
      throw error;
    }
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw unreadable({ file, purpose }, reason, error);
  } finally {
    await handle?.close();
  }
}

/** What the operator should be told of a file with a secret that others may read. */
export function exposedWarning(file: string, purpose: string): string {
  return `${file} (${purpose}) may be read by other users; run: chmod 600 ${file}`;
}

function unreadable(
  { file, purpose }: { readonly file: string; readonly purpose: string },
  reason: string,
  cause?: unknown,
): OpenStackError {
  return new OpenStackError(
    'CLOUD_CONFIG_UNREADABLE',
    `cannot read ${file} (${purpose}): ${reason}`,
    { details: { file, reason }, cause },
  );
}
