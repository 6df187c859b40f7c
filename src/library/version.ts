/** The version of this package. A test compares it with deno.json, package.json and the C library. */
export const VERSION = "0.1.0";
