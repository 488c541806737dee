/** The kinds of field that the schema is built of; each says in its error what was expected and what was found. */
import { z } from 'zod';

import { unknownKeyProblem } from './problems.ts';

interface Found {
  readonly input?: unknown;
}

/** An error text for zod: `must be WHAT, not FOUND`, or `is required: WHAT` where the key is absent. */
export function mustBe(what: string): (found: Found) => string {
  return ({ input }) => {
    if (input === undefined) {
      return `is required: ${what}`;
    }
    return input === null ? `is empty; it must be ${what}` : `must be ${what}, not ${show(input)}`;
  };
}

/** A value as the operator wrote it, short enough for one line. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : 'a mapping';
  }
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

interface SectionOptions {
  /** What to write where the section is required and absent. */
  readonly required?: string;
}

/** A mapping that refuses unknown keys and proposes the nearest known one. */
export function section<S extends z.ZodRawShape>(
  shape: S,
  { required }: SectionOptions = {},
): z.ZodReadonly<z.ZodObject<S, z.core.$strict>> {
  const known = Object.keys(shape);
  const wanted = mustBe(`a mapping with the keys ${known.join(', ')}`);
  return z
    .strictObject(shape, {
      error: (issue) => {
        if (issue.code === 'unrecognized_keys') {
          return issue.keys.map((key) => unknownKeyProblem(key, known)).join('\n');
        }
        return issue.input === undefined && required !== undefined
          ? `is required: ${required}`
          : wanted(issue);
      },
    })
    .readonly();
}

/** A list with at least one element. `what` completes "must be ...". */
export function filledList<T extends z.ZodType>(
  item: T,
  what: string,
): z.ZodReadonly<z.ZodArray<T>> {
  const error = (issue: Found): string =>
    Array.isArray(issue.input) ? `must not be empty: ${what}` : mustBe(what)(issue);
  return z.array(item, { error }).min(1, { error }).readonly();
}

/** A whole number from `min` to `max`, both included. */
export function whole(min: number, max: number): z.ZodInt {
  const error = mustBe(`a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A time in seconds; fractions are allowed. */
export function seconds(min: number, max: number): z.ZodNumber {
  const error = mustBe(`a number of seconds from ${min} to ${max}`);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: mustBe('true or false') });
}

/** One of several words; `example` is a line to write where the choice is required. */
export function choice<const V extends readonly string[]>(
  values: V,
  example?: string,
): z.ZodEnum<{ [K in V[number]]: K }> {
  const words = values.join(', ').replace(/, ([^,]*)$/, ' or $1');
  return z.enum(values, {
    error: mustBe(example === undefined ? words : `${words}, for example "${example}"`),
  });
}

/** Text of a fixed form. `what` completes "must be ...". */
export function word(pattern: RegExp, what: string): z.ZodString {
  const error = mustBe(what);
  return z.string({ error }).regex(pattern, { error });
}

/** The name or id of a thing in the cloud. */
export function cloudName(): z.ZodString {
  return cloudText('a name or an id in quotes');
}

/** Text that Neutron keeps in one of its columns, which hold 255 characters. `what` completes "must be ...". */
export function cloudText(what: string): z.ZodString {
  const error = mustBe(what);
  return z.string({ error }).min(1, { error }).max(255, { error });
}

/** The path of a file, in a form that ssh_config(5) takes as well. */
export function file(): z.ZodString {
  const error = mustBe('the path of a file, without quotes, backslashes, "${" and line breaks');
  return z.string({ error }).regex(/^(?:(?!\$\{)[^"\\\p{Cc}])+$/u, { error });
}
