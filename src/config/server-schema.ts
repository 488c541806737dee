/** The `server` section: where `route-sync run` answers over HTTP, and to whom. */
import { z } from 'zod';

import { file, mustBe, section } from './fields.ts';

/** `off`, or HOST:PORT with an IPv6 address in brackets. */
const LISTEN = /^(?:off|(?:\[[\da-fA-F:.]+\]|[\w.-]{1,253}):\d{1,5})$/;

const listen = z
  .string({ error: mustBe('"off" or ADDRESS:PORT in quotes, for example "127.0.0.1:9717"') })
  .regex(LISTEN, {
    error: mustBe('"off" or ADDRESS:PORT in quotes, for example "127.0.0.1:9717"'),
  })
  .refine((text) => Number(/\d+$/.exec(text)?.[0] ?? 0) <= 65_535, {
    error: 'has a port above 65535',
  });

export const serverSchema = section({
  listen: listen
    .default('127.0.0.1:9717')
    .describe(
      'Where metrics, health and status page are served, or `off`. Port 0 takes any free port; the log tells which.',
    ),
  tokenFile: file()
    .optional()
    .describe(
      'A file whose first line is a token. With it everything but /healthz and /readyz asks for `Authorization: Bearer TOKEN`, or for the token as the password of any user.',
    ),
});
