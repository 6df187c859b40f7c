/** Errors of the API in terms of the command line. */
import { DeviceNotFoundError, PortAudioError, SoundFileError } from "../../mod.ts";
import { type SettingName, spelling } from "../options/options.ts";
import type { Settings } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";

/** The options that PortAudio's error codes are about. */
const blamed: Readonly<Record<number, SettingName>> = {
  [-9998]: "channels", // paInvalidChannelCount
  [-9997]: "rate", // paInvalidSampleRate
  [-9996]: "device", // paInvalidDevice
  [-9994]: "format", // paSampleFormatNotSupported
  [-9993]: "device", // paBadIODeviceCombination
  [-9985]: "device", // paDeviceUnavailable
};

/** Phrases in the messages of other errors, and the option that they are about. */
const phrases: readonly (readonly [RegExp, SettingName])[] = [
  [/device ?rate/i, "deviceRate"],
  [/sample ?rate/i, "rate"],
  [/^channels/, "channels"],
  [/another host API|settings of ASIO/i, "channelSelect"],
  [/together with another/i, "device"],
];

/** The option that an error is about. */
function blamedOption(error: Error, settings: Settings): SettingName | undefined {
  if (error instanceof DeviceNotFoundError || error.message.startsWith("device: ")) return "device";
  if (error instanceof PortAudioError) return blamed[error.paCode];
  return phrases.find(([phrase, name]) => settings[name] !== undefined && phrase.test(error.message))?.[1];
}

/** Puts the name of the option into the message of an error of the API. */
export function blame(error: unknown, settings: Settings): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || error instanceof SoundFileError) return error;
  const option = blamedOption(error, settings);
  if (option === undefined || /^\w+\.|^PASTREAM/.test(error.message)) return error;
  const whole = option === "device" && settings.device?.includes(",")
    ? `no device is called '${settings.device}', and `
    : "";
  const message = error.message.replace(/^device: /, "").replace('where conversion is "never"', "with --no-convert");
  const isFiles = option === "channels" && settings.channels === undefined && /output channels.* for \d/.test(message);
  const hint = isFiles ? ` of the file: ${spelling("channels")} and ${spelling("map")} choose some of them` : "";
  error.message = `${spelling(option)}: ${whole}${message}${hint}`;
  return error;
}
