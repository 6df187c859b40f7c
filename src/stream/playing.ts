import { native } from "../../ffi/load.ts";
import { identityMapping, requireMapping } from "../samples/channel-map.ts";
import type { Core } from "../run/core.ts";
import { unwrap } from "../library/errors.ts";
import type { Dtype } from "../samples/formats.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import { type Blocking, requireRunLength } from "../run/run-options.ts";
import type { Samples } from "../samples/samples.ts";
import { openPlayback, type Source, type SourceOptions } from "../endpoints/source.ts";
import { coreOf, Stream } from "./stream.ts";
import { requireBoolean, requireNumber, requireOptions } from "../base/validate.ts";
import { writableOf } from "./web-streams.ts";

/** The playing half of OutputStream and DuplexStream. */
export interface Playing<D extends Dtype> {
  /**
   * Device channel i+1 plays source channel txMapping[i] (one-based), 0 is silence. Set it as an array, as a Map of
   * from -> to that mutes what it does not list, or as null for identity; while the stream runs, too.
   */
  get txMapping(): readonly number[];
  /** @ignore */
  set txMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null);

  /** Linear gain of what is played; 1 (default) leaves every bit as it is. */
  outputGain: number;

  /** Play this at the next start; answers the ring that the device reads from. */
  setSource(source: Source<D>, options?: SourceOptions): RingBuffer;

  /** Play `frames` frames of a source (default: all), then `pad` frames of silence. Drops a sink that was set. */
  play(playback: Source<D>, options?: { frames?: number; pad?: number } & SourceOptions & Blocking): Promise<void>;

  /**
   * A Web Stream to write samples to; its writes wait when the ring is full, its close() plays out what is queued. The
   * first write starts the stream.
   */
  writable(options?: { bufferSize?: number }): WritableStream<Samples<D>>;
}

const mappings = new WeakMap<Core, readonly number[]>();
const gains = new WeakMap<Core, number>();

/** The methods of Playing, for the classes that have an output. */
export abstract class PlayingMethods<D extends Dtype> extends Stream implements Playing<D> {
  get txMapping(): readonly number[] {
    const core = coreOf(this);
    return mappings.get(core) ?? identityMapping(core.output!.channels);
  }

  set txMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null) {
    const core = coreOf(this);
    core.requireOpen();
    const { channels } = core.output!;
    const checked = requireMapping("txMapping", mapping, channels);
    unwrap(native().ps_stream_set_map(core.native.handle, 1, Int32Array.from(checked), channels), "txMapping");
    mappings.set(core, Object.freeze(checked));
  }

  get outputGain(): number {
    return gains.get(coreOf(this)) ?? 1;
  }

  set outputGain(gain: number) {
    const core = coreOf(this);
    core.requireOpen();
    unwrap(native().ps_stream_set_gain(core.native.handle, requireNumber("outputGain", gain)), "outputGain");
    gains.set(core, gain);
  }

  setSource(source: Source<D>, options?: SourceOptions): RingBuffer {
    const core = coreOf(this);
    core.requireIdle();
    return (core.source = openPlayback(source, options, core.output!, core.sampleRate)).ring;
  }

  async play(
    playback: Source<D>,
    options?: { frames?: number; pad?: number } & SourceOptions & Blocking,
  ): Promise<void> {
    const core = coreOf(this);
    core.requireIdle();
    const { frames, pad, blocking = true } = requireOptions("options", options);
    requireBoolean("blocking", blocking);
    const length = requireRunLength({ frames, pad });
    core.source = openPlayback(playback, options, core.output!, core.sampleRate);
    core.sink = undefined;
    await core.execute(length, blocking);
  }

  writable(options?: { bufferSize?: number }): WritableStream<Samples<D>> {
    return writableOf<D>(coreOf(this), requireOptions("options", options));
  }
}
