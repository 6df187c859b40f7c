import type { Dtype, DuplexStream, InputStream, OutputStream } from "../../mod.ts";

/** A stream that plays. */
export type Player = OutputStream<Dtype> | DuplexStream<Dtype>;
/** A stream that records. */
export type Recorder = InputStream<Dtype> | DuplexStream<Dtype>;
