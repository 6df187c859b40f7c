// Which device an example uses.
import process from "node:process";
import { checkSettings, PastreamError, type StreamKind } from "../../mod.ts";

/** The device asked for, else the default one, else the virtual one. */
export function chooseDevice(kind: StreamKind, asked: string | undefined): string | undefined {
  if (asked !== undefined) return asked;
  try {
    checkSettings(kind);
    return undefined;
  } catch (error) {
    if (!(error instanceof PastreamError)) throw error;
    console.log("No sound card to use: this is the built-in virtual device, which plays into its own input.");
    return "virtual";
  }
}

/** The arguments of an example: [device [seconds]]. */
export function deviceAndSeconds(kind: StreamKind, seconds: number): { device: string | undefined; seconds: number } {
  const [device, given] = process.argv.slice(2);
  return { device: chooseDevice(kind, device), seconds: given === undefined ? seconds : Number(given) };
}
