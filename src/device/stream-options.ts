import {
  PS_CONFIG_BLOCK_SIZE,
  PS_CONFIG_FLAGS,
  PS_CONFIG_INPUT_CHANNELS,
  PS_CONFIG_INPUT_DEVICE,
  PS_CONFIG_INPUT_FORMAT,
  PS_CONFIG_INPUT_LATENCY,
  PS_CONFIG_SAMPLE_RATE,
  PS_CONFIG_SIZE,
  PS_DEVICE_VIRTUAL,
  PS_STREAM_CLIP_OFF,
  PS_STREAM_DITHER_OFF,
  PS_STREAM_NEVER_DROP_INPUT,
  PS_STREAM_PRIME_OUTPUT,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { defaults } from "./defaults.ts";
import { chooseDevice } from "./device-choice.ts";
import type { Side } from "./devices.ts";
import { unwrap } from "../library/errors.ts";
import { type Dtype, type Format, formatOf } from "../samples/formats.ts";
import { type HostSettings, putHostSettings } from "./host-settings.ts";
import { type Pair, pairOf } from "../base/pair.ts";
import {
  orElse,
  requireBoolean,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
} from "../base/validate.ts";

/** How a stream is opened. What is left out comes from `defaults`, then from the device. */
export interface StreamOptions<D extends Dtype = Dtype, O extends Dtype = D> {
  /** Index, id, name words, or "virtual" for the built-in device. Default: PASTREAM_DEVICE, the system's default. */
  device?: Pair<number | string | undefined>;
  /** Hz; default: the device's. */
  sampleRate?: number;
  /** Default: the device's maximum, at most 2. */
  channels?: Pair<number | undefined>;
  /** Default: "float32". */
  dtype?: D | readonly [input: D, output: O];
  /** Frames per callback; 0 (default): the backend decides. */
  blockSize?: number;
  /** Seconds, or what the device calls its low or high latency; default: "high". */
  latency?: Pair<"low" | "high" | number>;
  /** Do not clip samples that are out of range. */
  clipOff?: boolean;
  /** Do not dither. */
  ditherOff?: boolean;
  /** In duplex, never drop input, where the backend knows how. */
  neverDropInput?: boolean;
  /** Call the callback to fill the first output buffers, rather than begin with silence. */
  primeOutput?: boolean;
  /** Settings that only one host API knows. */
  hostSettings?: HostSettings | readonly [input: HostSettings | undefined, output: HostSettings | undefined];
  /** Aborts the stream when it fires. */
  signal?: AbortSignal;
}

/** What the native side is told to open a stream. */
export interface StreamConfig {
  /** The numbers of PS_CONFIG_. */
  readonly config: Float64Array<ArrayBuffer>;
  /** Channel selectors and faults. */
  readonly list: Float64Array<ArrayBuffer>;
  /** Of input and output; undefined for a direction that the stream lacks. */
  readonly formats: readonly [input: Format | undefined, output: Format | undefined];
}

/** The directions of a stream. */
export type StreamKind = "input" | "output" | "duplex";

const sides: readonly Side[] = ["input", "output"];
const MAX_RATE = 1e7;
const MAX_CHANNELS = 1024;
const MAX_BLOCK = 2 ** 20;
const MAX_LATENCY = 1e6;

const flags = {
  clipOff: PS_STREAM_CLIP_OFF,
  ditherOff: PS_STREAM_DITHER_OFF,
  neverDropInput: PS_STREAM_NEVER_DROP_INPUT,
  primeOutput: PS_STREAM_PRIME_OUTPUT,
} as const;

function latencyNumber(latency: unknown): number {
  if (typeof latency === "number") return requireNumber("latency", latency, 0, MAX_LATENCY);
  return requireOneOf("latency", orElse(latency, "high"), ["low", "high"]) === "low" ? -1 : -2;
}

/** What the native side is told but for the devices, which it takes PortAudio to find. */
interface Draft extends Omit<StreamConfig, "list"> {
  readonly settings: readonly (HostSettings | undefined)[];
  readonly blockSize: number;
}

/** Checks the options of a stream, all but its devices and what these can do. */
export function requireStreamOptions(kind: StreamKind, options?: StreamOptions): Draft {
  const given = requireOptions("options", options);
  /** An option's value for a direction; `defaults` stands in for what is left out. */
  const option = <K extends keyof typeof defaults>(name: K, side: number): unknown =>
    orElse(pairOf<unknown>(name, given[name])[side], pairOf<unknown>(name, defaults[name])[side]);
  const single = <K extends keyof typeof defaults>(name: K) => orElse(given[name], defaults[name]);

  const config = new Float64Array(new ArrayBuffer(PS_CONFIG_SIZE * 8));
  unwrap(native().ps_config_init(config, PS_CONFIG_SIZE));
  const formats: (Format | undefined)[] = [undefined, undefined];
  for (const [side, name] of sides.entries()) {
    if (kind !== name && kind !== "duplex") continue;
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
  const blockSize = requireInteger("blockSize", orElse(single("blockSize"), 0), 0, MAX_BLOCK);
  config[PS_CONFIG_BLOCK_SIZE] = blockSize;
  for (const name of Object.keys(flags) as (keyof typeof flags)[]) {
    if (requireBoolean(name, orElse(single(name), false))) config[PS_CONFIG_FLAGS] |= flags[name];
  }
  const settings = sides.map((_, side) =>
    formats[side] && option("hostSettings", side)
  ) as (HostSettings | undefined)[];
  return { config, formats: [formats[0], formats[1]], settings, blockSize };
}

/** Checks the options of a stream and says them in the native side's numbers. */
export function streamConfig(kind: StreamKind, options?: StreamOptions): StreamConfig {
  const { config, formats, settings } = requireStreamOptions(kind, options);
  // Last, for it may start PortAudio.
  for (const [side, name] of sides.entries()) {
    if (!formats[side]) continue;
    const wish = pairOf("device", options?.device)[side];
    const device = config[PS_CONFIG_INPUT_DEVICE + side] = chooseDevice(wish, name);
    if (settings[side]?.hostApi === "virtual" && device !== PS_DEVICE_VIRTUAL) {
      throw new TypeError('hostSettings: hostApi "virtual" is for device: "virtual"');
    }
  }
  const list = putHostSettings(config, settings);
  return { config, list, formats };
}

/** Returns if such a stream could be opened, else throws the error that opening would give. */
export function checkSettings(kind: StreamKind, options?: StreamOptions): void {
  requireOneOf("kind", kind, ["input", "output", "duplex"]);
  const { config, list } = streamConfig(kind, options);
  unwrap(native().ps_check_settings(config, PS_CONFIG_SIZE, list, list.length));
}
