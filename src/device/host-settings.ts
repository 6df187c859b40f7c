import { countOf } from "../base/count.ts";
import {
  PS_CLOCK_FREEWHEEL,
  PS_CLOCK_REALTIME,
  PS_CONFIG_FAULTS,
  PS_CONFIG_INPUT_CHANNEL_MAP,
  PS_CONFIG_INPUT_CHANNELS,
  PS_CONFIG_INPUT_HOST_FLAGS,
  PS_CONFIG_INPUT_HOST_SETTINGS,
  PS_CONFIG_INPUT_VIRTUAL_DRIFT,
  PS_CONFIG_VIRTUAL_CLOCK,
  PS_CONFIG_VIRTUAL_DELAY,
  PS_CONFIG_VIRTUAL_RATES,
  PS_CONFIG_VIRTUAL_SIMULATED,
  PS_FAULT_DEVICE_LOST,
  PS_FAULT_INPUT_OVERFLOW,
  PS_FAULT_OUTPUT_UNDERFLOW,
  PS_FAULT_SIZE,
  PS_FAULT_STALL,
  PS_HOST_ASIO,
  PS_HOST_COREAUDIO,
  PS_HOST_WASAPI,
  PS_TEXT_APPLICATION,
  PS_TEXT_ICON,
  PS_TEXT_ROLE,
  PS_TEXT_STREAM,
} from "../../ffi/constants.ts";
import {
  type OptionNames,
  orElse,
  requireArray,
  requireBoolean,
  requireInteger,
  requireNumber,
  requireObject,
  requireOneOf,
  requireOptions,
  requireString,
} from "../base/validate.ts";

/** Settings of one host API. */
export type HostSettings =
  | {
    hostApi: "virtual";
    /** "realtime" (default) follows the wall clock; "freewheel" runs as fast as sources and sinks can follow. */
    clock?: "realtime" | "freewheel";
    /** Frames after which the output returns as input. Default: one block. */
    loopbackDelay?: number;
    /** Faults to simulate. */
    faults?: readonly VirtualFault[];
    /** Sample rates that the device supports, in Hz. Default: any. */
    rates?: readonly number[];
    /**
     * Parts per million by which the device's clock is fast, negative where it is slow. Default: 0. Settings as a pair
     * with a drift each make two devices, of which the input hears the output.
     */
    drift?: number;
    /** Run two such devices in simulated time, as fast as they can. Default: false. */
    simulated?: boolean;
  }
  | {
    /** What a desktop's mixer shows of a stream over PulseAudio or PipeWire; other host APIs ignore it. */
    hostApi: "pulse";
    /** Default: "pastream". */
    applicationName?: string;
    /** Default: "playback" or "recording". */
    streamName?: string;
    /** A name of the desktop's icon theme, such as "audio-headset". */
    iconName?: string;
    /** "music", "video", "phone", "game", "production", …: a desktop may treat them differently. */
    mediaRole?: string;
  }
  | { hostApi: "asio"; channelSelectors: readonly number[] }
  | { hostApi: "wasapi"; exclusive?: boolean; autoConvert?: boolean }
  | {
    hostApi: "coreaudio";
    channelMap?: readonly number[];
    changeDeviceParameters?: boolean;
    failIfConversionRequired?: boolean;
  };

/** A fault of the virtual device, to test how a program handles it. */
export type VirtualFault =
  | { atFrame: number; kind: "inputOverflow" | "outputUnderflow"; frames?: number }
  | { atFrame: number; kind: "stall"; seconds: number }
  | { atFrame: number; kind: "deviceLost" };

const faultKinds = {
  inputOverflow: PS_FAULT_INPUT_OVERFLOW,
  outputUnderflow: PS_FAULT_OUTPUT_UNDERFLOW,
  stall: PS_FAULT_STALL,
  deviceLost: PS_FAULT_DEVICE_LOST,
} as const;
const faultNames = Object.keys(faultKinds) as (keyof typeof faultKinds)[];

const MAX_DELAY = 2 ** 26;
const MAX_FAULTS = 16384;
const MAX_STALL = 1e6;
const MAX_RATES = 32;
const MIN_RATE = 1e3;
const MAX_RATE = 768e3;
const OPTION = "hostSettings";

type SettingsOf<Api extends HostSettings["hostApi"]> = Extract<HostSettings, { hostApi: Api }>;
type FaultOf<Kind extends VirtualFault["kind"]> = Extract<VirtualFault, { kind: Kind }>;

const settingNames: { readonly [Api in HostSettings["hostApi"]]: OptionNames<SettingsOf<Api>> } = {
  virtual: { hostApi: true, clock: true, loopbackDelay: true, faults: true, rates: true, drift: true, simulated: true },
  pulse: { hostApi: true, applicationName: true, streamName: true, iconName: true, mediaRole: true },
  asio: { hostApi: true, channelSelectors: true },
  wasapi: { hostApi: true, exclusive: true, autoConvert: true },
  coreaudio: { hostApi: true, channelMap: true, changeDeviceParameters: true, failIfConversionRequired: true },
};
const lossNames: OptionNames<FaultOf<"inputOverflow">> = { atFrame: true, kind: true, frames: true };
const faultOptionNames: { readonly [Kind in VirtualFault["kind"]]: Readonly<Record<string, true>> } = {
  inputOverflow: lossNames,
  outputUnderflow: lossNames,
  stall: { atFrame: true, kind: true, seconds: true },
  deviceLost: { atFrame: true, kind: true },
};

/**
 * Puts the settings of input and output into a stream's configuration. Returns the numbers for its list: the channel
 * map of the input, that of the output, the faults, and the rates of the virtual device.
 */
export function putHostSettings(
  config: Float64Array,
  settings: readonly (HostSettings | undefined)[],
): Float64Array<ArrayBuffer> {
  const maps: number[] = [];
  const faults: number[] = [];
  const rates: number[] = [];
  for (const [side, given] of settings.entries()) {
    if (given === undefined) continue;
    const host = requireObject(OPTION, given);
    requireOneOf(`${OPTION}.hostApi`, host.hostApi, ["virtual", "pulse", "asio", "wasapi", "coreaudio"]);
    requireOptions(OPTION, given, settingNames[host.hostApi]);
    switch (host.hostApi) {
      case "virtual":
        config[PS_CONFIG_INPUT_VIRTUAL_DRIFT + side] = requireNumber(
          `${OPTION}.drift`,
          orElse(host.drift, 0),
          -1e5,
          1e5,
        );
        if (requireBoolean(`${OPTION}.simulated`, orElse(host.simulated, false))) {
          config[PS_CONFIG_VIRTUAL_SIMULATED] = 1;
        }
        // It is one device: settings given once for both directions count once.
        if (side === 0 || given !== settings[0]) {
          faults.push(...putVirtual(config, host));
          rates.push(...requireRates(orElse(host.rates, [])));
        }
        break;
      case "pulse":
        break; // texts: hostTexts()
      case "asio":
        maps.push(...putAsio(config, side, host));
        break;
      case "wasapi":
        putWasapi(config, side, host);
        break;
      case "coreaudio":
        maps.push(...putCoreAudio(config, side, host));
    }
  }
  config[PS_CONFIG_FAULTS] = faults.length / PS_FAULT_SIZE;
  config[PS_CONFIG_VIRTUAL_RATES] = rates.length;
  return Float64Array.from([...maps, ...faults, ...rates]);
}

/** Returns the texts of the settings, each with its PS_TEXT_. Those of the output come last and take precedence. */
export function hostTexts(settings: readonly (HostSettings | undefined)[]): [what: number, text: string][] {
  return settings.flatMap((host) => {
    if (host?.hostApi !== "pulse") return [];
    const { applicationName, streamName, iconName, mediaRole } = host;
    const texts = { applicationName, streamName, iconName, mediaRole };
    return (Object.keys(texts) as (keyof typeof texts)[]).flatMap((name): [number, string][] => {
      const text: unknown = texts[name];
      return text === undefined ? [] : [[textNumbers[name], requireString(`${OPTION}.${name}`, text)]];
    });
  });
}

const textNumbers = {
  applicationName: PS_TEXT_APPLICATION,
  streamName: PS_TEXT_STREAM,
  iconName: PS_TEXT_ICON,
  mediaRole: PS_TEXT_ROLE,
} as const;

function putVirtual(config: Float64Array, settings: SettingsOf<"virtual">): number[] {
  if (settings.clock !== undefined) {
    const clock = requireOneOf(`${OPTION}.clock`, settings.clock, ["realtime", "freewheel"]);
    config[PS_CONFIG_VIRTUAL_CLOCK] = clock === "freewheel" ? PS_CLOCK_FREEWHEEL : PS_CLOCK_REALTIME;
  }
  if (settings.loopbackDelay !== undefined) {
    config[PS_CONFIG_VIRTUAL_DELAY] = requireInteger(`${OPTION}.loopbackDelay`, settings.loopbackDelay, 0, MAX_DELAY);
  }
  const faults = requireArray(`${OPTION}.faults`, orElse(settings.faults, []), MAX_FAULTS);
  return faults.flatMap((fault, i) => faultNumbers(fault, `${OPTION}.faults[${i}]`));
}

function requireRates(given: readonly number[]): readonly number[] {
  const name = `${OPTION}.rates`;
  const rates = requireArray(name, given, MAX_RATES);
  return rates.map((rate, i) => requireNumber(`${name}[${i}]`, rate, MIN_RATE, MAX_RATE));
}

function faultNumbers(given: VirtualFault, name: string): number[] {
  const fault = requireObject(name, given);
  const kind = requireOneOf(`${name}.kind`, fault.kind, faultNames);
  requireOptions(name, given, faultOptionNames[kind]);
  const frame = requireInteger(`${name}.atFrame`, fault.atFrame, 0);
  const frames = "frames" in fault ? requireInteger(`${name}.frames`, orElse(fault.frames, 0), 0) : 0;
  const seconds = fault.kind === "stall" ? requireNumber(`${name}.seconds`, fault.seconds, 0, MAX_STALL) : 0;
  return [frame, faultKinds[kind], frames, seconds];
}

function putAsio(config: Float64Array, side: number, settings: SettingsOf<"asio">): readonly number[] {
  const name = `${OPTION}.channelSelectors`;
  config[PS_CONFIG_INPUT_HOST_SETTINGS + side] = PS_HOST_ASIO;
  const selectors = requireChannels(name, settings.channelSelectors, 0);
  const channels = config[PS_CONFIG_INPUT_CHANNELS + side];
  if (channels !== 0 && channels !== selectors.length) {
    throw new RangeError(
      `${name} must have ${countOf(channels, "entry", "entries")}, one for each channel, not ${selectors.length}`,
    );
  }
  config[PS_CONFIG_INPUT_CHANNELS + side] = selectors.length;
  config[PS_CONFIG_INPUT_CHANNEL_MAP + side] = selectors.length;
  return selectors;
}

function putWasapi(config: Float64Array, side: number, settings: SettingsOf<"wasapi">): void {
  config[PS_CONFIG_INPUT_HOST_SETTINGS + side] = PS_HOST_WASAPI;
  config[PS_CONFIG_INPUT_HOST_FLAGS + side] = flags([
    requireBoolean(`${OPTION}.exclusive`, orElse(settings.exclusive, false)),
    requireBoolean(`${OPTION}.autoConvert`, orElse(settings.autoConvert, false)),
  ]);
}

function putCoreAudio(
  config: Float64Array,
  side: number,
  settings: SettingsOf<"coreaudio">,
): readonly number[] {
  config[PS_CONFIG_INPUT_HOST_SETTINGS + side] = PS_HOST_COREAUDIO;
  config[PS_CONFIG_INPUT_HOST_FLAGS + side] = flags([
    requireBoolean(`${OPTION}.changeDeviceParameters`, orElse(settings.changeDeviceParameters, false)),
    requireBoolean(`${OPTION}.failIfConversionRequired`, orElse(settings.failIfConversionRequired, false)),
  ]);
  const map = requireChannels(`${OPTION}.channelMap`, orElse(settings.channelMap, []), -1);
  config[PS_CONFIG_INPUT_CHANNEL_MAP + side] = map.length;
  return map;
}

/** The settings as the bits of a number, the first as the lowest. */
function flags(settings: readonly boolean[]): number {
  return settings.reduce((bits, on, i) => on ? bits | (1 << i) : bits, 0);
}

function requireChannels(name: string, value: readonly number[], min: number): readonly number[] {
  const channels = requireArray(name, value, 1024);
  return channels.map((channel, i) => requireInteger(`${name}[${i}]`, channel, min, 1024));
}
