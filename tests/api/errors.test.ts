import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import * as C from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { cString, readText } from "../../ffi/text.ts";
import {
  BufferEmptyError,
  BufferFullError,
  DeviceLostError,
  DeviceNotFoundError,
  LibraryNotFoundError,
  PastreamError,
  PortAudioError,
  queryDevices,
  SoundFileError,
} from "../../mod.ts";
import { nativeError, unwrap } from "../../src/library/native-error.ts";
import { withCandidates } from "../../src/device/devices.ts";
import { formatOf, newSamples } from "../../src/samples/formats.ts";
import { requireInteger, requireNumber, requireOneOf, show } from "../../src/base/validate.ts";

const none = { text: "", numbers: [0, 0, -1] };

describe("a native status", () => {
  it("that is no error is returned as it is", () => {
    for (const status of [0, 1, 2 ** 31 - 1, 0.5]) assert.equal(unwrap(status), status);
  });

  it("is an error of its class and code", () => {
    const expected: [number, new (...args: never[]) => Error, string | undefined][] = [
      [C.PS_ERR_HANDLE, PastreamError, "closed"],
      [C.PS_ERR_ARGUMENT, RangeError, undefined],
      [C.PS_ERR_MEMORY, PastreamError, "out-of-resources"],
      [C.PS_ERR_THREAD, PastreamError, "out-of-resources"],
      [C.PS_ERR_ACTIVE, PastreamError, "active"],
      [C.PS_ERR_BUSY, PastreamError, "busy"],
      [C.PS_ERR_STATE, PastreamError, "closed"],
      [C.PS_ERR_PENDING, PastreamError, "busy"],
      [C.PS_ERR_BUFFER_FULL, BufferFullError, "buffer-full"],
      [C.PS_ERR_BUFFER_EMPTY, BufferEmptyError, "buffer-empty"],
      [C.PS_ERR_DEVICE_NOT_FOUND, DeviceNotFoundError, "device-not-found"],
      [C.PS_ERR_DEVICE_LOST, DeviceLostError, "device-lost"],
      [C.PS_ERR_PORTAUDIO, PortAudioError, "portaudio"],
      [C.PS_ERR_SOUNDFILE, SoundFileError, "soundfile"],
      [C.PS_ERR_NO_PORTAUDIO, LibraryNotFoundError, "library-not-found"],
      [C.PS_ERR_NO_SNDFILE, LibraryNotFoundError, "library-not-found"],
      [C.PS_ERR_XRUN, PastreamError, "xrun"],
      [C.PS_ERR_STALLED, SoundFileError, "soundfile"],
      [C.PS_ERR_UNSUPPORTED, PastreamError, "unsupported"],
    ];
    const codes = Object.entries(C).filter(([name]) => name.startsWith("PS_ERR_")).map(([, code]) => code);
    assert.deepEqual(expected.map(([status]) => status), codes.sort((a, b) => b - a));
    for (const [status, type, code] of expected) {
      const error = nativeError(status, none, "doing this");
      assert.equal(error.constructor, type);
      assert.equal(error.name, type.name);
      assert.equal((error as PastreamError).code, code);
      assert.match(error.message, /^doing this: ./);
    }
  });

  it("says what the native side says", () => {
    assert.equal(
      nativeError(C.PS_ERR_SOUNDFILE, { ...none, text: "no such file" }, "in.wav").message,
      "in.wav: no such file",
    );
    assert.equal(nativeError(C.PS_ERR_ACTIVE, { ...none, text: "running" }).message, "running");
    assert.equal((nativeError(C.PS_ERR_SOUNDFILE, { text: "x", numbers: [7, 0, -1] }) as SoundFileError).sfCode, 7);
  });

  it("carries PortAudio's code and that of the host API beneath", () => {
    const plain = nativeError(C.PS_ERR_PORTAUDIO, { text: "bad", numbers: [-9997, 0, -1] }) as PortAudioError;
    assert.equal(plain.paCode, -9997);
    assert.equal(plain.hostError, undefined);
    const host = nativeError(C.PS_ERR_PORTAUDIO, { text: "gone", numbers: [-9999, -19, 8] }) as PortAudioError;
    assert.deepEqual(host.hostError, { hostApi: "ALSA", code: -19, text: "gone" });
  });

  it("of a missing device lists the devices if a stream was being opened", () => {
    const error = nativeError(C.PS_ERR_DEVICE_NOT_FOUND, none) as DeviceNotFoundError;
    assert.deepEqual(error.candidates, []);
    const complete = withCandidates(error) as DeviceNotFoundError;
    assert.deepEqual(complete.candidates, queryDevices());
    assert.match(complete.message, /virtual/);
    assert.equal(withCandidates(complete), complete);
    assert.equal(withCandidates("anything else"), "anything else");
  });

  it("of a missing library names what was tried and the command that installs it", () => {
    for (const [status, name] of [[C.PS_ERR_NO_PORTAUDIO, /portaudio/], [C.PS_ERR_NO_SNDFILE, /sndfile/]] as const) {
      const error = nativeError(status, { ...none, text: "a.so: gone\nb.so: gone\n" }) as LibraryNotFoundError;
      assert.deepEqual(error.tried, ["a.so: gone", "b.so: gone"]);
      assert.match(error.message, name);
      assert.match(error.message, /install|pacman -S|apk add/);
      if (process.platform === "linux") assert.equal(/sudo /.test(error.message), existsSync("/usr/bin/sudo"));
      assert.match(error.message, /tried a\.so: gone\n {2}tried b\.so: gone$/);
    }
  });

  it("is thrown with its detail", () => {
    const { ps_ring_new, ps_ring_free } = native();
    assert.throws(() => unwrap(ps_ring_new(0, 8, null, 0), "a ring"), {
      name: "RangeError",
      message: /^a ring: .*size/,
    });
    assert.throws(() => unwrap(ps_ring_free(5), "a ring"), { name: "PastreamError", message: "a ring: it is closed" });
    assert.throws(() => unwrap(NaN), PastreamError);
  });
});

describe("checks of arguments", () => {
  it("let through what is right", () => {
    assert.equal(requireInteger("n", 5, 0, 5), 5);
    assert.equal(requireInteger("n", -(2 ** 40)), -(2 ** 40));
    assert.equal(requireNumber("x", 0.5, 0, 1), 0.5);
    assert.equal(requireOneOf("word", "b", ["a", "b"]), "b");
  });

  it("name the argument, what is allowed, and the value", () => {
    assert.throws(() => requireInteger("n", 6, 0, 5), {
      name: "RangeError",
      message: "n must be an integer from 0 to 5, not 6",
    });
    assert.throws(() => requireInteger("n", -1, 0), { message: "n must be an integer of at least 0, not -1" });
    assert.throws(() => requireInteger("n", 0.5), { message: "n must be an integer, not 0.5" });
    assert.throws(() => requireInteger("n", "5"), { name: "TypeError", message: 'n must be an integer, not "5"' });
    assert.throws(() => requireInteger("n", 5n), { name: "TypeError", message: "n must be an integer, not 5n" });
    assert.throws(() => requireNumber("x", 2, 0, 1), { name: "RangeError", message: "x must be 0 to 1, not 2" });
    assert.throws(() => requireNumber("x", Infinity), {
      name: "RangeError",
      message: "x must be finite, not Infinity",
    });
    assert.throws(() => requireOneOf("w", "c", ["a", "b"]), { message: 'w must be one of "a", "b", not "c"' });
  });

  it("show any value in a few words", () => {
    const values = [
      undefined,
      null,
      {},
      [1, "a"],
      () => 1,
      new Float32Array(9),
      new Map(),
      Object.create(null),
      Symbol("s"),
    ];
    const shown = [
      "undefined",
      "null",
      "Object",
      '[1, "a"]',
      "a function",
      "Float32Array",
      "Map",
      "an object",
      "Symbol(s)",
    ];
    assert.deepEqual(values.map(show), shown);
  });
});

describe("sample formats", () => {
  it("have the right arrays and sizes", () => {
    const sizes = { float32: 4, int32: 4, int24: 3, int16: 2, int8: 1, uint8: 1 } as const;
    for (const [dtype, size] of Object.entries(sizes)) {
      assert.equal(formatOf(dtype).sampleSize, size);
      assert.equal(formatOf(dtype).code, C[`PS_FORMAT_${dtype.toUpperCase()}` as keyof typeof C]);
      assert.equal(formatOf(dtype).silence, dtype === "uint8" ? 128 : 0);
    }
    assert.equal(newSamples("int24", 4).constructor, Uint8Array);
    assert.equal(newSamples("int24", 4).length, 12);
    assert.equal(newSamples("int16", 4).constructor, Int16Array);
    assert.equal(newSamples("float64", 4).byteLength, 32);
  });
});

describe("text", () => {
  it("crosses the door whole", () => {
    const text = "aé€😀";
    assert.deepEqual([...cString(text)], [...new TextEncoder().encode(text), ...new Uint8Array(15 - 9)]);
    assert.throws(() => cString("a\0b"), TypeError);
    for (const text of ["", "short", "é".repeat(511), "x".repeat(512), "€".repeat(5000)]) {
      const bytes = new TextEncoder().encode(text);
      const fill = (buffer: Uint8Array, size: number) => {
        buffer.set(bytes.subarray(0, size - 1));
        return bytes.length;
      };
      assert.equal(readText(fill), text);
    }
  });
});
