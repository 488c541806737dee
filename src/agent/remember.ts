/** Work that need not be done twice: a pure step that is given the same values again gives its last answer again. */

/** Keeps the last answer of a pure function, for as long as every argument stays the very same value. */
export function rememberLast<A extends readonly unknown[], R>(
  compute: (...args: A) => R,
): (...args: A) => R {
  let last: { readonly args: A; readonly answer: R } | undefined;
  return (...args) => {
    if (last === undefined || !args.every((arg, index) => arg === last?.args[index])) {
      last = { args, answer: compute(...args) };
    }
    return last.answer;
  };
}
