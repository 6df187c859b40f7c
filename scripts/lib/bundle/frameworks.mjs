// Stubs of macOS's frameworks to link with: text files that say which library has which symbol.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const frameworks = {
  CoreAudio: [
    "AudioConvertHostTimeToNanos",
    "AudioGetCurrentHostTime",
    "AudioObjectAddPropertyListener",
    "AudioObjectGetPropertyData",
    "AudioObjectGetPropertyDataSize",
    "AudioObjectRemovePropertyListener",
    "AudioObjectSetPropertyData",
  ],
  AudioToolbox: [
    "AudioComponentFindNext",
    "AudioComponentInstanceDispose",
    "AudioComponentInstanceNew",
    "AudioConverterDispose",
    "AudioConverterFillComplexBuffer",
    "AudioConverterNew",
    "AudioConverterReset",
    "AudioConverterSetProperty",
    "AudioOutputUnitStart",
    "AudioOutputUnitStop",
    "AudioUnitAddPropertyListener",
    "AudioUnitGetProperty",
    "AudioUnitInitialize",
    "AudioUnitRender",
    "AudioUnitReset",
    "AudioUnitSetProperty",
    "AudioUnitUninitialize",
  ],
  CoreFoundation: [
    "__CFConstantStringClassReference",
    "CFRelease",
    "CFStringCreateWithFormat",
    "CFStringGetCString",
    "CFStringGetLength",
    "CFStringGetMaximumSizeForEncoding",
  ],
};

const stub = (name, symbols) =>
  `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/System/Library/Frameworks/${name}.framework/Versions/A/${name}'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ ${symbols.map((symbol) => `_${symbol}`).join(", ")} ]
...
`;

/** Writes the stubs below `folder`, and returns the flags that link with them. */
export function linkFrameworks(folder) {
  for (const [name, symbols] of Object.entries(frameworks)) {
    const inside = join(folder, `${name}.framework`);
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, `${name}.tbd`), stub(name, symbols));
  }
  return [`-F${folder}`, ...Object.keys(frameworks).flatMap((name) => ["-framework", name])];
}
