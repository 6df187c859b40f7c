/** The lists of devices, file types and encodings. */
import {
  availableFormats,
  availableSubtypes,
  formatDeviceList,
  installHint,
  queryDevices,
  queryHostApis,
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

export function deviceListing({ json, hostApi, quiet }: Settings): string {
  if (!quiet && versions().portaudio === null) {
    stderr.line(`pastream: PortAudio was not found, so its devices are missing; ${oneLine(installHint("portaudio"))}`);
  }
  const api = hostApi === undefined ? undefined : findHostApi(hostApi);
  const devices = queryDevices().filter(({ index }) => api === undefined || api.devices.includes(index));
  if (!json) return formatDeviceList(devices);
  return asJson({ devices, hostApis: queryHostApis().filter(({ index }) => api === undefined || api.index === index) });
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
