import { ofFile, type OpenableFile } from "./file-streams.ts";
import type { Dtype } from "../samples/formats.ts";
import { mixin } from "../base/mixin.ts";
import { open, OpenedStream, openNow } from "../run/opened-stream.ts";
import { type Playing, PlayingMethods } from "./playing.ts";
import type { StreamOptions } from "../device/stream-options.ts";
import { coreOf, deviceIndex, Stream } from "./stream.ts";

/**
 * Plays.
 *
 * @example A file
 * ```ts
 * import { OutputStream } from "@pastream/pastream";
 *
 * await using stream = OutputStream.fromFile("music.flac");
 * await stream.play("music.flac");
 * ```
 */
export class OutputStream<D extends Dtype = "float32"> extends Stream {
  /** Opens the device; this blocks until that is done. */
  constructor(options?: StreamOptions<D>) {
    super(options instanceof OpenedStream ? options : openNow("output", options));
  }

  /** Opens the device off the JS thread. */
  static async open<D extends Dtype = "float32">(options?: StreamOptions<D>): Promise<OutputStream<D>> {
    return new OutputStream<D>(await open("output", options) as StreamOptions<D>);
  }

  /** A stream with the rate and channels of a file. */
  static fromFile<D extends Dtype = "float32">(file: OpenableFile, options?: StreamOptions<D>): OutputStream<D> {
    return new OutputStream<D>(ofFile(file, options));
  }

  /** Index of the device. */
  override get device(): number {
    return deviceIndex(coreOf(this).output!);
  }

  /** Number of channels. */
  override get channels(): number {
    return coreOf(this).output!.channels;
  }

  /** Sample format. */
  override get dtype(): D {
    return coreOf(this).output!.dtype as D;
  }

  /** Bytes in one sample. */
  override get sampleSize(): number {
    return coreOf(this).output!.sampleSize;
  }

  /** Seconds, as the device reports it. */
  override get latency(): number {
    return coreOf(this).output!.latency;
  }
}

/** Plays: see Playing. */
export interface OutputStream<D extends Dtype = "float32"> extends Playing<D> {}

mixin(OutputStream, PlayingMethods);
