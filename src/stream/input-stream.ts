import type { Dtype } from "../samples/formats.ts";
import { ofFile, type OpenableFile } from "./file-streams.ts";
import { mixin } from "../base/mixin.ts";
import { open, OpenedStream, openNow } from "../run/opened-stream.ts";
import { type Recording, RecordingMethods } from "./recording.ts";
import type { StreamOptions } from "../device/stream-options.ts";
import { coreOf, deviceIndex, Stream } from "./stream.ts";

/**
 * Records.
 *
 * @example A second of sound
 * ```ts
 * import { InputStream } from "@pastream/pastream";
 *
 * await using stream = new InputStream({ dtype: "int16" });
 * const samples = await stream.record(stream.sampleRate);
 * ```
 */
export class InputStream<D extends Dtype = "float32"> extends Stream {
  /** Opens the device; this blocks until that is done. */
  constructor(options?: StreamOptions<D>) {
    super(options instanceof OpenedStream ? options : openNow("input", options));
  }

  /** Opens the device off the JS thread. */
  static async open<D extends Dtype = "float32">(options?: StreamOptions<D>): Promise<InputStream<D>> {
    return new InputStream<D>(await open("input", options) as StreamOptions<D>);
  }

  /** A stream with the rate and channels of a file. */
  static fromFile<D extends Dtype = "float32">(file: OpenableFile, options?: StreamOptions<D>): InputStream<D> {
    return new InputStream<D>(ofFile(file, options));
  }

  /** Index of the device. */
  override get device(): number {
    return deviceIndex(coreOf(this).input!);
  }

  /** Number of channels. */
  override get channels(): number {
    return coreOf(this).input!.channels;
  }

  /** Sample format. */
  override get dtype(): D {
    return coreOf(this).input!.dtype as D;
  }

  /** Bytes in one sample. */
  override get sampleSize(): number {
    return coreOf(this).input!.sampleSize;
  }

  /** Seconds, as the device reports it. */
  override get latency(): number {
    return coreOf(this).input!.latency;
  }
}

/** Records: see Recording. */
export interface InputStream<D extends Dtype = "float32"> extends Recording<D> {}

mixin(InputStream, RecordingMethods);
