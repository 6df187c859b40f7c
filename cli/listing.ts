/** The lists of devices, file types and encodings. */
import {
  availableFormats,
  availableSubtypes,
  type DeviceInfo,
  formatDeviceList,
  installHint,
  queryDevices,
  queryHostApis,
  supportedSampleRates,
  versions,
} from "../mod.ts";
import { findHostApi } from "./stream/device-choice.ts";
import { typeNamed } from "./stream/file-options.ts";
import { oneLine } from "./report/failure.ts";
import type { NameList, Settings } from "./options/settings.ts";
import * as stderr from "./report/stderr.ts";

function asJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** The usual sample rates that a device takes without conversion, of each direction that it has. */
function ratesOf({ index, maxInputChannels, maxOutputChannels }: DeviceInfo): { input?: number[]; output?: number[] } {
  return {
    ...(maxInputChannels > 0 && { input: supportedSampleRates(index, "input") }),
    ...(maxOutputChannels > 0 && { output: supportedSampleRates(index, "output") }),
  };
}

/** The list with what is told of each device beneath its line. */
function verboseList(devices: readonly DeviceInfo[]): string {
  const milliseconds = (seconds: number) => `${Number((1000 * seconds).toFixed(1))} ms`;
  const lines = formatDeviceList(devices).split("\n");
  return devices.flatMap((device, i) => {
    const rates = ratesOf(device);
    const direction = (name: string, low: number, high: number, rates: readonly number[]) => [
      `${name.padEnd(8)}latency low ${milliseconds(low)}, high ${milliseconds(high)}`,
      `        rates ${rates.length > 0 ? `${rates.join(", ")} Hz` : "none of the usual ones now"}`,
    ];
    return [
      lines[i],
      ...[
        `id      ${device.id}`,
        `default ${device.defaultSampleRate} Hz`,
        ...(rates.input
          ? direction("input", device.defaultLowInputLatency, device.defaultHighInputLatency, rates.input)
          : []),
        ...(rates.output
          ? direction("output", device.defaultLowOutputLatency, device.defaultHighOutputLatency, rates.output)
          : []),
      ].map((line) => `      ${line}`),
    ];
  }).join("\n");
}

export function deviceListing({ json, hostApi, quiet, verbose }: Settings): string {
  if (!quiet && versions().portaudio === null) {
    stderr.line(`pastream: PortAudio was not found, so its devices are missing; ${oneLine(installHint("portaudio"))}`);
  }
  const api = hostApi === undefined ? undefined : findHostApi(hostApi);
  const devices = queryDevices().filter(({ index }) => api === undefined || api.devices.includes(index));
  if (!json) return verbose ? verboseList(devices) : formatDeviceList(devices);
  const listed = verbose ? devices.map((device) => ({ ...device, sampleRates: ratesOf(device) })) : devices;
  return asJson({
    devices: listed,
    hostApis: queryHostApis().filter(({ index }) => api === undefined || api.index === index),
  });
}

/** Names and what they mean, in two columns. */
function table(names: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(names).map((name) => name.length));
  return Object.entries(names).map(([name, meaning]) => `${name.padEnd(width)}  ${meaning}`).join("\n");
}

export function formatListing({ json }: Settings): string {
  const formats = availableFormats();
  return json ? asJson(formats) : table(formats);
}

export function encodingListing({ json, listEncodings: type = "" }: Settings): string {
  const subtypes = type === "" ? availableSubtypes() : availableSubtypes(typeNamed("--list-encodings", type).format);
  return json ? asJson(subtypes) : table(subtypes);
}

/** Names for the completions of a shell, one per line. */
export function nameListing(list: NameList): string {
  const lower = (names: object) => Object.keys(names).map((name) => name.toLowerCase());
  const lists: Readonly<Record<NameList, () => readonly string[]>> = {
    devices: () => [...new Set(queryDevices().map(({ name }) => name))],
    "host-apis": () => queryHostApis().map(({ name }) => name),
    types: () => [...lower(availableFormats()), "opus"],
    encodings: () => lower(availableSubtypes()),
  };
  return lists[list]().join("\n");
}
