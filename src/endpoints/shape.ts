// Rate and channels of a source or a sink, where they are not the stream's.
import { countOf } from "../base/count.ts";
import { native } from "../../ffi/load.ts";
import { type OptionNames, orElse, requireInteger, requireNumber } from "../base/validate.ts";
import { unwrap } from "../library/native-error.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { framesAt } from "../samples/rates.ts";

/** Rate and channels of what is played or recorded. */
export interface ShapeOptions {
  /** Hz. Default: the stream's. A sound file has its own. */
  sampleRate?: number;
  /** Channels. Default: the stream's. A sound file has its own. */
  channels?: number;
}

export const shapeNames: OptionNames<ShapeOptions> = { sampleRate: true, channels: true };

const MAX_RATE = 1e7;
export const MAX_CHANNELS = 1024;
/** Of two rates. */
const MAX_RATIO = 1024;

type Role = "source" | "sink";

/** The direction of a stream, as an endpoint with its own rate and channels sees it. */
export function shapeFor(role: Role, direction: StreamDirection, options: ShapeOptions): StreamDirection {
  const { conversion, sampleSize } = direction;
  const channels = requireInteger("channels", orElse(options.channels, direction.channels), 1, MAX_CHANNELS);
  const given = requireNumber("sampleRate", orElse(options.sampleRate, direction.sampleRate), 1, MAX_RATE);
  // A file has a whole number of hertz, a device may have 44099.5.
  const sampleRate = given === Math.round(direction.sampleRate) ? direction.sampleRate : given;
  if (role === "source") requireMapped(direction, channels);
  if (sampleRate === direction.sampleRate && channels === direction.channels) return direction;
  if (conversion === "never") {
    const own = `${given} Hz and ${countOf(channels, "channel")}`;
    throw new RangeError(
      `the ${role} must have the stream's ${direction.sampleRate} Hz and ` +
        `${countOf(direction.channels, "channel")}, not ${own}: conversion is "never"`,
    );
  }
  requireChannels(role, direction, channels);
  const ratio = sampleRate / direction.sampleRate;
  if (ratio > MAX_RATIO || ratio < 1 / MAX_RATIO) {
    throw new RangeError(`sampleRate must be within ${MAX_RATIO} times ${direction.sampleRate} Hz, not ${given} Hz`);
  }
  const blockSize = Math.ceil(direction.blockSize * ratio);
  return { ...direction, sampleRate, channels, frameBytes: channels * sampleSize, blockSize, stream: direction };
}

function countsOf(role: Role, direction: StreamDirection, channels: number): string {
  return `the ${role} has ${countOf(channels, "channel")}, the stream ${direction.channels}`;
}

/** Throws if the channel map of a stream names a channel that its source lacks. */
export function requireMapped(direction: StreamDirection, channels: number): void {
  const most = Math.max(0, ...direction.mapping ?? []);
  if (most <= channels) return;
  throw new RangeError(`txMapping must not name channel ${most}: ${countsOf("source", direction, channels)}`);
}

function requireChannels(role: Role, direction: StreamDirection, channels: number): void {
  const { channels: own, mapping } = direction;
  const [from, to, name] = role === "source" ? [channels, own, "txMapping"] : [own, channels, "rxMapping"];
  if (!mapping) {
    if (from === to || from === 1 || (from === 2 && to === 1)) return;
    if (role === "source") direction.refused = channels;
    throw new RangeError(`${countsOf(role, direction, channels)}: set ${name} to say which goes where`);
  }
  if (role === "source" || mapping.length >= channels) return;
  throw new RangeError(`${name} has too few entries: ${countsOf(role, direction, channels)}`);
}

/** Tells a ring the rate of its frames, before it is set as an endpoint; returns its handle. */
export function withRate(ring: number, { stream, sampleRate }: StreamDirection): number {
  unwrap(native().ps_ring_set_rate(ring, stream ? sampleRate : 0));
  return ring;
}

/** Frames of an endpoint as frames of its stream. */
export function streamFrames(frames: number, { stream, sampleRate }: StreamDirection): number {
  return stream ? framesAt(frames, sampleRate, stream.sampleRate) : frames;
}

/** Frames of the stream after which an endpoint has `frames` frames; the last one may bring more than that. */
export function framesToFill(frames: number, shape: StreamDirection): number {
  const nearest = streamFrames(frames, shape);
  return shape.stream && framesAt(nearest, shape.stream.sampleRate, shape.sampleRate) < frames ? nearest + 1 : nearest;
}
