import {
  PS_CONFIG_BLOCK_SIZE,
  PS_CONFIG_CONVERSION,
  PS_CONFIG_DEVICE_RATE,
  PS_CONFIG_FLAGS,
  PS_CONFIG_FOLLOW,
  PS_CONFIG_INPUT_CHANNELS,
  PS_CONFIG_INPUT_DEVICE,
  PS_CONFIG_INPUT_FORMAT,
  PS_CONFIG_INPUT_LATENCY,
  PS_CONFIG_SAMPLE_RATE,
  PS_CONFIG_SIZE,
  PS_CONVERSION_AUTO,
  PS_CONVERSION_NEVER,
  PS_DEVICE_VIRTUAL,
  PS_STREAM_CLIP_OFF,
  PS_STREAM_DITHER_OFF,
  PS_STREAM_NEVER_DROP_INPUT,
  PS_STREAM_PRIME_OUTPUT,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { pairOf } from "../base/pair.ts";
import {
  orElse,
  requireBoolean,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  show,
} from "../base/validate.ts";
import { unwrap } from "../library/native-error.ts";
import { type Format, formatOf } from "../samples/formats.ts";
import { defaults } from "./defaults.ts";
import { chooseDevice, lastingDevice, needsList } from "./device-choice.ts";
import { type Direction, withCandidates } from "./devices.ts";
import { type HostSettings, putHostSettings } from "./host-settings.ts";
import { type StreamKind, streamOptionNames, type StreamOptions } from "./stream-options.ts";

/** The configuration of a native stream. */
export interface StreamConfig {
  /** The numbers of PS_CONFIG_. */
  readonly config: Float64Array<ArrayBuffer>;
  /** Channel selectors and faults. */
  readonly list: Float64Array<ArrayBuffer>;
  /** Of input and output; undefined for a direction that the stream lacks. */
  readonly formats: readonly [input: Format | undefined, output: Format | undefined];
}

/** Checked options of a stream, except for its devices. */
export interface CheckedStreamOptions extends StreamConfig {
  readonly device: StreamOptions["device"];
  readonly hostSettings: readonly (HostSettings | undefined)[];
  readonly blockSize: number;
  readonly signal: AbortSignal | undefined;
}

const directions: readonly Direction[] = ["input", "output"];
const MAX_RATE = 1e7;
const MAX_CHANNELS = 1024;
const MAX_BLOCK = 2 ** 20;
const MAX_LATENCY = 1e6;
const LOW_LATENCY = -1;
const HIGH_LATENCY = -2;

const flags = {
  clipOff: PS_STREAM_CLIP_OFF,
  ditherOff: PS_STREAM_DITHER_OFF,
  neverDropInput: PS_STREAM_NEVER_DROP_INPUT,
  primeOutput: PS_STREAM_PRIME_OUTPUT,
} as const;

function latencyNumber(latency: unknown): number {
  if (typeof latency === "number") return requireNumber("latency", latency, 0, MAX_LATENCY);
  const word = requireOneOf("latency", orElse(latency, "high"), ["low", "high"]);
  return word === "low" ? LOW_LATENCY : HIGH_LATENCY;
}

/** Checks all options of a stream that can be checked without the devices. */
export function requireStreamOptions(kind: StreamKind, options?: StreamOptions): CheckedStreamOptions {
  const given = requireOptions("options", options, streamOptionNames);
  /** The value of an option for a direction: as given, else from `defaults`. */
  const option = <K extends keyof typeof defaults>(name: K, side: number): unknown =>
    orElse(pairOf<unknown>(name, given[name])[side], pairOf<unknown>(name, defaults[name])[side]);
  const single = <K extends keyof typeof defaults>(name: K) => orElse(given[name], defaults[name]);

  const config = new Float64Array(new ArrayBuffer(PS_CONFIG_SIZE * 8));
  unwrap(native().ps_config_init(config, PS_CONFIG_SIZE));
  const formats: [Format | undefined, Format | undefined] = [undefined, undefined];
  for (const [side, direction] of directions.entries()) {
    if (kind !== direction && kind !== "duplex") continue;
    const format = formats[side] = formatOf(orElse(option("dtype", side), "float32"));
    const channels = option("channels", side);
    config[PS_CONFIG_INPUT_FORMAT + side] = format.code;
    config[PS_CONFIG_INPUT_CHANNELS + side] = channels === undefined
      ? 0
      : requireInteger("channels", channels, 1, MAX_CHANNELS);
    config[PS_CONFIG_INPUT_LATENCY + side] = latencyNumber(option("latency", side));
  }
  const sampleRate = single("sampleRate");
  if (sampleRate !== undefined) config[PS_CONFIG_SAMPLE_RATE] = requireNumber("sampleRate", sampleRate, 1, MAX_RATE);
  const deviceRate = single("deviceRate");
  if (deviceRate !== undefined) config[PS_CONFIG_DEVICE_RATE] = requireNumber("deviceRate", deviceRate, 1, MAX_RATE);
  const conversion = requireOneOf("conversion", orElse(single("conversion"), "auto"), ["auto", "never"]);
  config[PS_CONFIG_CONVERSION] = conversion === "never" ? PS_CONVERSION_NEVER : PS_CONVERSION_AUTO;
  const onDeviceLost = requireOneOf("onDeviceLost", orElse(single("onDeviceLost"), "error"), ["error", "follow"]);
  config[PS_CONFIG_FOLLOW] = onDeviceLost === "follow" ? 1 : 0;
  const blockSize = requireInteger("blockSize", orElse(single("blockSize"), 0), 0, MAX_BLOCK);
  config[PS_CONFIG_BLOCK_SIZE] = blockSize;
  for (const name of Object.keys(flags) as (keyof typeof flags)[]) {
    if (requireBoolean(name, orElse(single(name), false))) config[PS_CONFIG_FLAGS] |= flags[name];
  }
  const hostSettings = directions.map((_, side) =>
    formats[side] && option("hostSettings", side)
  ) as (HostSettings | undefined)[];
  const list = putHostSettings(config, hostSettings);
  return { config, list, formats, device: given.device, hostSettings, blockSize, signal: requireSignal(given.signal) };
}

function requireSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new TypeError(`signal must be an AbortSignal, not ${show(signal)}`);
}

/** Whether streamConfig() of these options looks devices up in the list, which may block when it is made. */
export function namesDevice({ formats, device }: CheckedStreamOptions): boolean {
  const names = pairOf("device", device);
  return directions.some((direction, side) => formats[side] && needsList(names[side], direction));
}

/** Options that mean the same devices when the list is another one: with ids in the place of indices. */
export function withLastingDevices(checked: CheckedStreamOptions): CheckedStreamOptions {
  const names = pairOf("device", checked.device);
  const [input, output] = directions.map((direction, side) =>
    checked.formats[side] && lastingDevice(names[side], direction)
  );
  return { ...checked, device: [input, output] };
}

/** Finds the devices of checked options, and makes the native configuration. This may initialise PortAudio. */
export function streamConfig({ config, list, formats, device, hostSettings }: CheckedStreamOptions): StreamConfig {
  for (const [side, direction] of directions.entries()) {
    if (!formats[side]) continue;
    const chosen = config[PS_CONFIG_INPUT_DEVICE + side] = chooseDevice(pairOf("device", device)[side], direction);
    if (hostSettings[side]?.hostApi === "virtual" && chosen !== PS_DEVICE_VIRTUAL) {
      throw new TypeError('hostSettings: hostApi "virtual" requires device: "virtual"');
    }
  }
  return { config, list, formats };
}

/** Returns if a stream with these options can be opened, else throws the error that opening it would throw. */
export function checkSettings(kind: StreamKind, options?: StreamOptions): void {
  requireOneOf("kind", kind, ["input", "output", "duplex"]);
  const { config, list } = streamConfig(requireStreamOptions(kind, options));
  try {
    unwrap(native().ps_check_settings(config, PS_CONFIG_SIZE, list, list.length));
  } catch (error) {
    throw withCandidates(error);
  }
}
