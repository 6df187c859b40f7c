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
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { readText } from "../../ffi/text.ts";
import type { DeviceInfo } from "../library/device-info.ts";
import { DeviceNotFoundError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import { requireArray, requireInteger, requireString, show } from "../base/validate.ts";
import { noteLists } from "./lists.ts";

/** One host API: a family of devices, such as ALSA or WASAPI. */
export interface HostApiInfo {
  /** Its place in the list. */
  readonly index: number;
  /** Its name: "ALSA", "Core Audio", "Windows WASAPI", … */
  readonly name: string;
  /** Indices of its devices. */
  readonly devices: readonly number[];
  /** Index of its default input device; null if it has none. */
  readonly defaultInputDevice: number | null;
  /** Index of its default output device; null if it has none. */
  readonly defaultOutputDevice: number | null;
}

/** A direction of a stream. */
export type Direction = "input" | "output";

interface Entry {
  readonly name: string;
  readonly numbers: Float64Array;
}

/** Entry `index` of a native list. */
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
 * Lists all audio devices. The last one is built in: `device: "virtual"`. The first call looks for them, which blocks
 * for some milliseconds, and where a sound server does not answer for about 5 seconds (15 on Windows and macOS) before
 * it throws; `refreshDevices()` does so without blocking.
 *
 * @example
 * ```ts
 * import { queryDevices } from "@pastream/pastream";
 *
 * for (const { index, name, hostApi } of queryDevices()) console.log(index, name, hostApi);
 * ```
 */
export function queryDevices(): DeviceInfo[] {
  noteLists();
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

/** Returns an id that is not in `taken`, with a number added if necessary, and adds it to `taken`. */
export function newId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted} #${number}`;
  taken.add(id);
  return id;
}

/** Lists all host APIs. The last one is "Virtual", that of the built-in device. */
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

function hasDirection(device: DeviceInfo, direction: Direction | undefined): boolean {
  return direction === undefined || (direction === "input" ? device.maxInputChannels : device.maxOutputChannels) > 0;
}

/**
 * Returns the device with this index, id or name among those of a direction. A name need not be complete: it is a list
 * of words, all of which must occur in the device's name and host API, in any case. An exact name takes precedence.
 *
 * @param option the name of the option that holds `device`, for errors
 */
export function findDevice(
  device: number | string,
  direction: Direction | undefined,
  option: string = "device",
): DeviceInfo {
  const all = queryDevices();
  const devices = all.filter((candidate) => hasDirection(candidate, direction));
  if (typeof device === "number") {
    requireInteger(option, device, 0);
    const found = devices.find(({ index }) => index === device);
    if (found) return found;
    const why = device < all.length
      ? `device ${device} (${all[device].name}) has no ${direction}`
      : `there is no device ${device}`;
    throw deviceNotFound(`${option}: ${why}`, devices, direction);
  }
  if (typeof device !== "string") {
    const hint = typeof device === "object" && device !== null && "id" in device ? ": give its id" : "";
    throw new TypeError(`${option} must be an index, an id or words of a name, not ${show(device)}${hint}`);
  }
  const matches = matchDevices(devices, device);
  if (matches.length === 1) return matches[0];
  const kind = `${direction ?? "audio"} device`;
  if (matches.length === 0) {
    throw deviceNotFound(`${option}: no ${kind} matches ${JSON.stringify(device)}`, devices, direction);
  }
  throw new DeviceNotFoundError(
    `${option}: several ${kind}s match ${JSON.stringify(device)}; give more words, or an index or id:\n${
      list(matches)
    }`,
    matches,
  );
}

/**
 * Returns the devices of a list that match a text: the one with this id, else those with exactly this name, else those
 * in whose name and host API all of its words occur, in any case. `queryDevice()` returns the only match.
 *
 * @example
 * ```ts
 * import { matchDevices, queryDevices } from "@pastream/pastream";
 *
 * for (const { index, name } of matchDevices(queryDevices(), "usb")) console.log(index, name);
 * ```
 */
export function matchDevices(devices: readonly DeviceInfo[], text: string): DeviceInfo[] {
  requireArray("devices", devices);
  requireString("text", text);
  const byId = devices.filter(({ id, hostApi }) => id === text || id === `${hostApi}: ${text}`);
  if (byId.length > 0) return byId;
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const words = wanted.split(/\s+/);
  const fullName = ({ name, hostApi }: DeviceInfo) => `${name}, ${hostApi}`.toLowerCase();
  const named = (device: DeviceInfo) => `${fullName(device)} ${device.id.toLowerCase()}`;
  const matches = devices.filter((device) => words.every((word) => named(device).includes(word)));
  const exact = matches.filter((device) => device.name.toLowerCase() === wanted || fullName(device) === wanted);
  return exact.length > 0 ? exact : matches;
}

/** Makes the error that lists the existing devices. Throws why there are fewer, as where PortAudio is missing. */
export function deviceNotFound(
  message: string,
  devices: readonly DeviceInfo[],
  direction: Direction | undefined,
): DeviceNotFoundError {
  unwrap(native().ps_device_status(), message);
  const found = devices.length > 0
    ? `the devices are:\n${list(devices)}`
    : `there is no ${direction ?? "audio"} device at all`;
  return new DeviceNotFoundError(`${message}; ${found}`, devices);
}

/** Adds the existing devices to an error of the native side that has none; returns any other error as it is. */
export function withCandidates(error: unknown): unknown {
  if (!(error instanceof DeviceNotFoundError) || error.candidates.length > 0) return error;
  let devices: DeviceInfo[] = [];
  try {
    devices = queryDevices();
  } catch {
    // The first error is the one to report.
  }
  return new DeviceNotFoundError(`${error.message}; the device "virtual" always exists`, devices);
}

function list(devices: readonly DeviceInfo[]): string {
  const label = ({ name, hostApi }: DeviceInfo) => `${name}, ${hostApi}`;
  const isAlone = (device: DeviceInfo) => devices.filter((other) => label(other) === label(device)).length === 1;
  // Devices of the same name differ in their ids.
  return devices.map((device) => `  ${device.index} ${label(device)}${isAlone(device) ? "" : ` (${device.id})`}`)
    .join("\n");
}
