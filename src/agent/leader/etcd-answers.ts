/** What is read of etcd's answers, in the form of its JSON gateway: absent fields are zero, 64 bit numbers are strings. */
import { z } from 'zod';

const int64 = z.union([z.string().regex(/^-?\d{1,20}$/), z.int().transform(String)]);

export const authSchema = z.object({ token: z.string() });

/** Its fields are named in two ways, by version. */
export const errorSchema = z.object({
  code: z.int().optional(),
  message: z.string().default(''),
});

export const grantSchema = z.object({ ID: int64, TTL: int64 });

/** A stream of one answer; without TTL the lease is gone. */
export const keepAliveSchema = z.object({
  result: z.object({ TTL: int64.default('0') }),
});

const kv = z.object({
  lease: int64.default('0'),
  value: z
    .string()
    .default('')
    .transform((text) => Buffer.from(text, 'base64').toString('utf8')),
});

export const rangeSchema = z.object({ kvs: z.array(kv).default([]) });

export const txnSchema = z.object({
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: rangeSchema.optional() })).default([]),
});

export const emptySchema = z.object({});

export type Entry = z.output<typeof kv>;
