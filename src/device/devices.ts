import {
  PS_DEVICE_DEFAULT_SAMPLE_RATE,
  PS_DEVICE_HIGH_INPUT_LATENCY,
  PS_DEVICE_HIGH_OUTPUT_LATENCY,
  PS_DEVICE_HOST_API,
  PS_DEVICE_INFO_SIZE,
  PS_DEVICE_IS_DEFAULT_INPUT,
  PS_DEVICE_IS_DEFAULT_OUTPUT,
  PS_DEVICE_IS_LOOPBACK,
  PS_DEVICE_LOW_INPUT_LATENCY,
  PS_DEVICE_LOW_OUTPUT_LATENCY,
  PS_DEVICE_MAX_INPUT_CHANNELS,
  PS_DEVICE_MAX_OUTPUT_CHANNELS,
  PS_HOST_API_DEFAULT_INPUT,
  PS_HOST_API_DEFAULT_OUTPUT,
  PS_HOST_API_INFO_SIZE,
  PS_LIBRARY_PORTAUDIO,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { readText } from "../../ffi/text.ts";
import { DeviceNotFoundError, unwrap } from "../library/errors.ts";
import { requireInteger, show } from "../base/validate.ts";

/** One audio device, as `queryDevices()` lists it. */
export interface DeviceInfo {
  /** May change when devices come and go. */
  readonly index: number;
  /** Stays: made of host API and name (PulseAudio: the server's own name), with a number where two are alike. */
  readonly id: string;
  /** Its name; several devices may have the same. */
  readonly name: string;
  /** "ALSA", "Core Audio", "Windows WASAPI", "JACK Audio Connection Kit", "Virtual", … */
  readonly hostApi: string;
  /** Channels it can record; 0: it cannot. */
  readonly maxInputChannels: number;
  /** Channels it can play; 0: it cannot. */
  readonly maxOutputChannels: number;
  /** Hz. */
  readonly defaultSampleRate: number;
  /** What `latency: "low"` means for recording, in seconds. */
  readonly defaultLowInputLatency: number;
  /** What `latency: "high"` means for recording, in seconds. */
  readonly defaultHighInputLatency: number;
  /** What `latency: "low"` means for playing, in seconds. */
  readonly defaultLowOutputLatency: number;
  /** What `latency: "high"` means for playing, in seconds. */
  readonly defaultHighOutputLatency: number;
  /** Whether the system records from it by default. */
  readonly isDefaultInput: boolean;
  /** Whether the system plays on it by default. */
  readonly isDefaultOutput: boolean;
  /** Whether it is an input that brings what an output plays, such as a monitor of PulseAudio. */
  readonly isLoopback: boolean;
}

/** One host API: a family of devices, such as ALSA or WASAPI. */
export interface HostApiInfo {
  /** Its place in the list. */
  readonly index: number;
  /** "ALSA", "Core Audio", "Windows WASAPI", … */
  readonly name: string;
  /** Indices of its devices. */
  readonly devices: readonly number[];
  /** Index of the device that it records from by default. */
  readonly defaultInputDevice: number | null;
  /** Index of the device that it plays on by default. */
  readonly defaultOutputDevice: number | null;
}

/** A direction of a stream. */
export type Side = "input" | "output";

interface Entry {
  readonly name: string;
  readonly numbers: Float64Array;
}

/** What the native side has about entry `index` of a list. */
function entry(list: "ps_device_info" | "ps_host_api_info", size: number, index: number): Entry {
  const numbers = new Float64Array(new ArrayBuffer(size * 8));
  const query = native()[list];
  const name = readText((text, length) => unwrap(query(index, numbers, size, text, length)));
  return { name, numbers };
}

function hostApiEntries(): Entry[] {
  const count = unwrap(native().ps_host_api_count(), "queryHostApis");
  return Array.from({ length: count }, (_, index) => entry("ps_host_api_info", PS_HOST_API_INFO_SIZE, index));
}

/**
 * All audio devices. The last one is built in: `device: "virtual"`.
 *
 * @example
 * ```ts
 * import { queryDevices } from "@pastream/pastream";
 *
 * for (const { index, name, hostApi } of queryDevices()) console.log(index, name, hostApi);
 * ```
 */
export function queryDevices(): DeviceInfo[] {
  const count = unwrap(native().ps_device_count(), "queryDevices");
  const hostApis = hostApiEntries();
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    const { name, numbers } = entry("ps_device_info", PS_DEVICE_INFO_SIZE, index);
    const hostApi = hostApis[numbers[PS_DEVICE_HOST_API]].name;
    const own = readText((text, length) => unwrap(native().ps_device_id(index, text, length)));
    return {
      index,
      id: newId(`${hostApi}: ${own || name}`, taken),
      name,
      hostApi,
      maxInputChannels: numbers[PS_DEVICE_MAX_INPUT_CHANNELS],
      maxOutputChannels: numbers[PS_DEVICE_MAX_OUTPUT_CHANNELS],
      defaultSampleRate: numbers[PS_DEVICE_DEFAULT_SAMPLE_RATE],
      defaultLowInputLatency: numbers[PS_DEVICE_LOW_INPUT_LATENCY],
      defaultHighInputLatency: numbers[PS_DEVICE_HIGH_INPUT_LATENCY],
      defaultLowOutputLatency: numbers[PS_DEVICE_LOW_OUTPUT_LATENCY],
      defaultHighOutputLatency: numbers[PS_DEVICE_HIGH_OUTPUT_LATENCY],
      isDefaultInput: numbers[PS_DEVICE_IS_DEFAULT_INPUT] === 1,
      isDefaultOutput: numbers[PS_DEVICE_IS_DEFAULT_OUTPUT] === 1,
      isLoopback: numbers[PS_DEVICE_IS_LOOPBACK] === 1,
    };
  });
}

/** An id that none of those before it has, of which it becomes one: with a number where they are alike. */
export function newId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted} #${number}`;
  taken.add(id);
  return id;
}

/** All host APIs; "Virtual" is the last one. */
export function queryHostApis(): HostApiInfo[] {
  const devices = queryDevices();
  return hostApiEntries().map(({ name, numbers }, index) => ({
    index,
    name,
    devices: devices.filter(({ hostApi }) => hostApi === name).map(({ index }) => index),
    defaultInputDevice: indexOrNull(numbers[PS_HOST_API_DEFAULT_INPUT]),
    defaultOutputDevice: indexOrNull(numbers[PS_HOST_API_DEFAULT_OUTPUT]),
  }));
}

function indexOrNull(index: number): number | null {
  return index >= 0 ? index : null;
}

function serves(device: DeviceInfo, side: Side | undefined): boolean {
  return side === undefined || (side === "input" ? device.maxInputChannels : device.maxOutputChannels) > 0;
}

/**
 * The device with this index, id or name, among those of a direction. A name need not be whole: these are
 * case-insensitive words, all of which occur in the device's name and host API. An exact name wins.
 *
 * @param what names the option that asks, for errors
 */
export function findDevice(device: number | string, side: Side | undefined, what: string = "device"): DeviceInfo {
  const all = queryDevices();
  const devices = all.filter((candidate) => serves(candidate, side));
  if (typeof device === "number") {
    requireInteger(what, device, 0);
    const found = devices.find(({ index }) => index === device);
    if (found) return found;
    const why = device < all.length ? `device ${device} (${all[device].name}) has no ${side}` : `no device ${device}`;
    throw deviceNotFound(`${what}: ${why}`, devices, side);
  }
  if (typeof device !== "string") {
    throw new TypeError(`${what} must be an index, an id or words of a name, not ${show(device)}`);
  }
  const matches = matchDevices(devices, device);
  if (matches.length === 1) return matches[0];
  const asked = `${side ?? "audio"} device`;
  if (matches.length === 0) {
    throw deviceNotFound(`${what}: no ${asked} matches ${JSON.stringify(device)}`, devices, side);
  }
  throw new DeviceNotFoundError(
    `${what}: several ${asked}s match ${JSON.stringify(device)}; say more, or give an index or id:\n${list(matches)}`,
    matches,
  );
}

/**
 * The devices of a list that a text may mean: the one with this id, those with exactly this name, else those in whose
 * name and host API all of its words occur, in any case. `queryDevice()` takes a text that means one device.
 *
 * @example
 * ```ts
 * import { matchDevices, queryDevices } from "@pastream/pastream";
 *
 * for (const { index, name } of matchDevices(queryDevices(), "usb")) console.log(index, name);
 * ```
 */
export function matchDevices(devices: readonly DeviceInfo[], text: string): DeviceInfo[] {
  const byId = devices.filter(({ id }) => id === text);
  if (byId.length > 0) return byId;
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const words = wanted.split(/\s+/);
  const fullName = ({ name, hostApi }: DeviceInfo) => `${name}, ${hostApi}`.toLowerCase();
  const matches = devices.filter((device) => words.every((word) => fullName(device).includes(word)));
  const exact = matches.filter((device) => device.name.toLowerCase() === wanted || fullName(device) === wanted);
  return exact.length > 0 ? exact : matches;
}

/** The error that says what there is; without PortAudio, that this is why there is so little. */
export function deviceNotFound(message: string, devices: readonly DeviceInfo[], side: Side | undefined): Error {
  unwrap(native().ps_library_load(PS_LIBRARY_PORTAUDIO, null), message);
  const there = devices.length > 0 ? `there are:\n${list(devices)}` : `there is no ${side ?? "audio"} device at all`;
  return new DeviceNotFoundError(`${message}; ${there}`, devices);
}

function list(devices: readonly DeviceInfo[]): string {
  return devices.map(({ index, name, hostApi }) => `  ${index} ${name}, ${hostApi}`).join("\n");
}
