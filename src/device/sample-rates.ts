import { checkSettings } from "./stream-config.ts";
import { queryDevice } from "./device-choice.ts";
import { PortAudioError } from "../library/errors.ts";
import { requireOneOf } from "../base/validate.ts";

const TIMED_OUT = -9987; // paTimedOut
const USUAL_RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000];

/**
 * The sample rates that a device supports without conversion, of the usual ones from 8000 to 192000 Hz. This asks the
 * device, which may take time. A device that is in use may support fewer rates than otherwise. Throws a PortAudioError
 * if a sound server does not answer.
 *
 * @param device as in the options of a stream; default: the default device
 * @param kind direction; default: "output", or "input" if the device only records
 *
 * @example
 * ```ts
 * import { supportedSampleRates } from "@pastream/pastream";
 *
 * console.log(supportedSampleRates("virtual", "output"));
 * ```
 */
export function supportedSampleRates(device?: number | string, kind?: "input" | "output"): number[] {
  if (kind !== undefined) requireOneOf("kind", kind, ["input", "output"]);
  const found = queryDevice(device, kind);
  const direction = kind ?? (found.maxOutputChannels > 0 ? "output" : "input");
  return USUAL_RATES.filter((sampleRate) => takes(direction, found.index, sampleRate));
}

function takes(kind: "input" | "output", device: number, sampleRate: number): boolean {
  try {
    checkSettings(kind, { device, sampleRate, conversion: "never", deviceRate: sampleRate });
    return true;
  } catch (error) {
    // Each of the other rates would be waited for as long.
    if (error instanceof PortAudioError && error.paCode === TIMED_OUT) throw error;
    return false;
  }
}
