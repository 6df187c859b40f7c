/** The version of this package, for a command that need not load the library. A check compares it with deno.json. */
export const VERSION = "0.1.0";
