// The command with the words given, on Deno, where nobody may ask for the `process` of Node.
Object.defineProperty(globalThis, "process", {
  get() {
    throw new TypeError("process is not to be asked for");
  },
});
await import("../../cli.ts");
