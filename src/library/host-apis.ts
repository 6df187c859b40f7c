// PortAudio's names of host APIs by its PaHostApiTypeId, for errors that only have the number.
const names: Readonly<Record<number, string>> = {
  1: "Windows DirectSound",
  2: "MME",
  3: "ASIO",
  5: "Core Audio",
  7: "OSS",
  8: "ALSA",
  11: "Windows WDM-KS",
  12: "JACK Audio Connection Kit",
  13: "Windows WASAPI",
  14: "AudioScience HPI",
  16: "PulseAudio",
  17: "sndio",
  1000: "Virtual",
};

/** The name of a host API type. */
export function hostApiName(type: number): string {
  return names[type] ?? `host API type ${type}`;
}
