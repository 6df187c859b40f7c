import type { OptionNames } from "../base/validate.ts";
import type { Pair } from "../base/pair.ts";
import type { Dtype } from "../samples/formats.ts";
import type { HostSettings } from "./host-settings.ts";

/** How to open a stream. An option that is left out is taken from `defaults`, then from the device. */
export interface StreamOptions<D extends Dtype = Dtype, O extends Dtype = D> {
  /**
   * Index, id or words of the name of a device, "virtual" for the built-in one, or "loopback" for what the default
   * output plays (an input only). Default: the environment variable PASTREAM_DEVICE, else the system's default device.
   */
  device?: Pair<number | string | undefined>;
  /** In Hz. Default: the device's default rate. */
  sampleRate?: number;
  /** Rate that the device runs at, in Hz. Default: `sampleRate` if the device supports it, else its default rate. */
  deviceRate?: number;
  /**
   * What happens if the device does not run at `sampleRate`: "auto" (default) converts between the two rates, "never"
   * is an error that lists the rates that the device supports.
   */
  conversion?: "auto" | "never";
  /**
   * What happens if the device is lost while the stream runs: "error" (default) ends it with a DeviceLostError,
   * "follow" continues on the default device within a few seconds. The gap is a "rerouted" glitch: a recording has
   * silence there, and no frame of the source is lost. Without another device the DeviceLostError ends the run. A
   * stream that was opened on the default device also moves when another device becomes that.
   */
  onDeviceLost?: "error" | "follow";
  /** Number of channels. Default: the device's maximum, but no more than 2. */
  channels?: Pair<number | undefined>;
  /** Sample format. Default: "float32". */
  dtype?: D | readonly [input: D, output: O];
  /** Frames per callback; 0 (default) leaves the choice to the backend. */
  blockSize?: number;
  /** In seconds, or the device's default low or high latency. Default: "high". */
  latency?: Pair<"low" | "high" | number>;
  /** Do not clip samples that are out of range. Default: false. */
  clipOff?: boolean;
  /** Do not dither when samples are converted. Default: false. */
  ditherOff?: boolean;
  /** Never drop input of a duplex stream, where the backend supports this. Default: false. */
  neverDropInput?: boolean;
  /** Fill the device's first buffers with samples of the source instead of silence. Default: false. */
  primeOutput?: boolean;
  /** Settings of one host API. */
  hostSettings?: HostSettings | readonly [input: HostSettings | undefined, output: HostSettings | undefined];
  /** Aborts a running stream, and keeps a stream from being opened or started, once it is aborted. */
  signal?: AbortSignal;
}

export const streamOptionNames: OptionNames<StreamOptions> = {
  device: true,
  sampleRate: true,
  deviceRate: true,
  conversion: true,
  onDeviceLost: true,
  channels: true,
  dtype: true,
  blockSize: true,
  latency: true,
  clipOff: true,
  ditherOff: true,
  neverDropInput: true,
  primeOutput: true,
  hostSettings: true,
  signal: true,
};

/** The directions of a stream. */
export type StreamKind = "input" | "output" | "duplex";
