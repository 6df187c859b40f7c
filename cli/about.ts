/** What the command says about itself, with nothing else to load. */

export async function printHelp(): Promise<0> {
  console.log((await import("./manual/help.ts")).helpText());
  return 0;
}

export async function printVersion(): Promise<0> {
  console.log(`pastream ${(await import("./version.ts")).VERSION}`);
  return 0;
}
