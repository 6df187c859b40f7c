/** Whether a descriptor is a terminal. Many runs need not know, and node:tty takes Bun 8 ms to load, Deno 5. */
export function isTerminal(descriptor: number): boolean {
  return globalThis.process.getBuiltinModule("node:tty").isatty(descriptor);
}
