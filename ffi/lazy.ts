import { LibraryNotFoundError } from "./errors.ts";
import type { Functions, Signature } from "./symbols.ts";

/**
 * The functions of the library in `path`, of which the first is looked up now, each other one when it is first asked
 * for: most programs call a third of them, and each takes time to prepare.
 */
export function lazyFunctions(
  path: string,
  table: Readonly<Record<string, Signature>>,
  lookUp: (name: string) => unknown,
): Functions {
  const [first, ...others] = Object.keys(table);
  const later = {};
  const functions = Object.create(later, { [first]: { value: lookUp(first), writable: true } });
  for (const name of others) {
    const get = () => {
      try {
        const value = lookUp(name);
        Object.defineProperty(functions, name, { value, writable: true });
        return value;
      } catch (cause) {
        throw new LibraryNotFoundError(`${path} is not libpastream: ${(cause as Error).message}`, [path], { cause });
      }
    };
    Object.defineProperty(later, name, { get });
  }
  return functions;
}
