import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import * as C from "../../ffi/constants.ts";
import { defaults, OutputStream, type StreamOptions } from "../../mod.ts";
import { requireStreamOptions, streamConfig } from "../../src/device/stream-config.ts";
import type { StreamKind } from "../../src/device/stream-options.ts";

const configOf = (kind: StreamKind, options?: StreamOptions) => streamConfig(requireStreamOptions(kind, options));
const virtual = (options: StreamOptions = {}, kind: StreamKind = "duplex") =>
  configOf(kind, { device: "virtual", ...options });
/** The numbers of input and output. */
const pair = (config: Float64Array, input: number) => [config[input], config[input + 1]];

describe("options of a stream", () => {
  it("have the library's defaults", () => {
    const { config, list, formats } = virtual();
    assert.equal(config.length, C.PS_CONFIG_SIZE);
    assert.equal(list.length, 0);
    assert.deepEqual(formats.map((format) => format?.dtype), ["float32", "float32"]);
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_DEVICE), [C.PS_DEVICE_VIRTUAL, C.PS_DEVICE_VIRTUAL]);
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_CHANNELS), [0, 0]);
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_LATENCY), [-2, -2]);
    assert.equal(config[C.PS_CONFIG_SAMPLE_RATE], 0);
    assert.equal(config[C.PS_CONFIG_BLOCK_SIZE], 0);
    assert.equal(config[C.PS_CONFIG_FLAGS], 0);
    assert.equal(config[C.PS_CONFIG_METERS], 1);
  });

  it("leave out the direction that a stream lacks", () => {
    const input = virtual({ dtype: ["int16", "int32"], channels: [1, 2] }, "input");
    assert.deepEqual(pair(input.config, C.PS_CONFIG_INPUT_DEVICE), [C.PS_DEVICE_VIRTUAL, C.PS_DEVICE_NONE]);
    assert.deepEqual(input.formats.map((format) => format?.dtype), ["int16", undefined]);
    const output = virtual({ channels: 3 }, "output");
    assert.deepEqual(pair(output.config, C.PS_CONFIG_INPUT_DEVICE), [C.PS_DEVICE_NONE, C.PS_DEVICE_VIRTUAL]);
    assert.deepEqual(pair(output.config, C.PS_CONFIG_INPUT_CHANNELS), [0, 3]);
  });

  it("are one value or a pair", () => {
    const { config } = virtual({
      channels: [1, 2],
      dtype: ["int24", "uint8"],
      latency: ["low", 0.05],
      sampleRate: 44100,
      blockSize: 256,
    });
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_CHANNELS), [1, 2]);
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_FORMAT), [C.PS_FORMAT_INT24, C.PS_FORMAT_UINT8]);
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_LATENCY), [-1, 0.05]);
    assert.equal(config[C.PS_CONFIG_SAMPLE_RATE], 44100);
    assert.equal(config[C.PS_CONFIG_BLOCK_SIZE], 256);
    assert.deepEqual(pair(virtual({ channels: [undefined, 5] }).config, C.PS_CONFIG_INPUT_CHANNELS), [0, 5]);
  });

  it("are flags", () => {
    const flags = (options: StreamOptions) => virtual(options).config[C.PS_CONFIG_FLAGS];
    assert.equal(flags({ clipOff: true }), C.PS_STREAM_CLIP_OFF);
    assert.equal(flags({ ditherOff: true, clipOff: false }), C.PS_STREAM_DITHER_OFF);
    assert.equal(flags({ neverDropInput: true, primeOutput: true }), 4 | 8);
  });

  it("that are wrong are named, with the value and what is allowed", () => {
    const wrong: [StreamOptions, string, RegExp][] = [
      [{ channels: 0 }, "RangeError", /channels must be an integer from 1 to 1024, not 0/],
      [{ channels: [1, 1.5] }, "RangeError", /channels .* not 1.5/],
      [{ channels: "2" as never }, "TypeError", /channels .* not "2"/],
      [
        { channels: [1, 2, 3] as never },
        "TypeError",
        /channels must be one value or \[input, output\], not \[1, 2, 3\]/,
      ],
      [{ sampleRate: NaN }, "RangeError", /sampleRate .* not NaN/],
      [{ sampleRate: 0 }, "RangeError", /sampleRate .* not 0/],
      [{ sampleRate: "48k" as never }, "TypeError", /sampleRate .* not "48k"/],
      [{ blockSize: -1 }, "RangeError", /blockSize .* not -1/],
      ...(["channels", "sampleRate", "dtype", "blockSize", "latency", "clipOff", "hostSettings", "device"] as const)
        .map(
          (name) =>
            [{ [name]: null }, "TypeError", new RegExp(`${name}.* not null`)] as [StreamOptions, string, RegExp],
        ),
      [{ dtype: "float64" as never }, "RangeError", /dtype must be one of "float32", .* not "float64"/],
      [{ dtype: 16 as never }, "TypeError", /dtype .* not 16/],
      [{ latency: "medium" as never }, "RangeError", /latency must be one of "low", "high", not "medium"/],
      [{ latency: -0.1 }, "RangeError", /latency .* not -0.1/],
      [{ latency: Infinity }, "RangeError", /latency .* not Infinity/],
      [{ clipOff: 1 as never }, "TypeError", /clipOff must be true or false, not 1/],
      [{ device: {} as never }, "TypeError", /device must be an index, an id or words of a name/],
      [{ device: -2 }, "RangeError", /device .* not -2/],
    ];
    for (const [options, name, message] of wrong) assert.throws(() => virtual(options), { name, message });
    assert.throws(() => configOf("input", 5 as never), { name: "TypeError", message: /options must be an object/ });
  });
});

describe("defaults", () => {
  afterEach(() => {
    for (const name of Object.keys(defaults)) delete defaults[name as keyof typeof defaults];
  });

  it("stand in for what is left out, each half of a pair by itself", () => {
    Object.assign(defaults, { device: "virtual", channels: [3, 4], dtype: "int16", sampleRate: 8000, clipOff: true });
    const { config, formats } = configOf("duplex", { channels: [undefined, 1], dtype: "int8" });
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_DEVICE), [C.PS_DEVICE_VIRTUAL, C.PS_DEVICE_VIRTUAL]);
    assert.deepEqual(pair(config, C.PS_CONFIG_INPUT_CHANNELS), [3, 1]);
    assert.deepEqual(formats.map((format) => format?.dtype), ["int8", "int8"]);
    assert.equal(config[C.PS_CONFIG_SAMPLE_RATE], 8000);
    assert.equal(config[C.PS_CONFIG_FLAGS], C.PS_STREAM_CLIP_OFF);
  });

  it("are checked like options", () => {
    defaults.blockSize = -5;
    assert.throws(() => virtual(), { name: "RangeError", message: /blockSize/ });
  });
});

describe("host settings", () => {
  const numbers = (hostSettings: StreamOptions["hostSettings"], options: StreamOptions = {}) =>
    configOf("duplex", { device: "virtual", ...options, hostSettings });

  it("of the virtual device", () => {
    const { config, list } = numbers({
      hostApi: "virtual",
      clock: "freewheel",
      loopbackDelay: 0,
      faults: [
        { atFrame: 100, kind: "inputOverflow", frames: 7 },
        { atFrame: 200, kind: "outputUnderflow" },
        { atFrame: 300, kind: "stall", seconds: 0.5 },
        { atFrame: 400, kind: "deviceLost" },
      ],
    });
    assert.equal(config[C.PS_CONFIG_VIRTUAL_CLOCK], 1);
    assert.equal(config[C.PS_CONFIG_VIRTUAL_DELAY], 0);
    assert.equal(config[C.PS_CONFIG_FAULTS], 4);
    assert.deepEqual([...list], [100, 0, 7, 0, 200, 1, 0, 0, 300, 2, 0, 0.5, 400, 3, 0, 0]);
    assert.equal(numbers({ hostApi: "virtual" }).config[C.PS_CONFIG_VIRTUAL_DELAY], -1);
    const lost = { atFrame: 4, kind: "deviceLost" } as const;
    const halves = numbers([
      { hostApi: "virtual", clock: "freewheel", loopbackDelay: 99, faults: [lost] },
      { hostApi: "virtual", faults: [{ atFrame: 1, kind: "inputOverflow" }] },
    ]);
    assert.deepEqual([...halves.list], [4, 3, 0, 0, 1, 0, 0, 0]);
    assert.equal(halves.config[C.PS_CONFIG_VIRTUAL_CLOCK], 1);
    assert.equal(halves.config[C.PS_CONFIG_VIRTUAL_DELAY], 99);
    const one = { hostApi: "virtual", faults: [lost] } as const;
    assert.equal(numbers([one, undefined]).list.length, 4);
    assert.equal(numbers([undefined, one]).list.length, 4);
    assert.equal(numbers([one, one]).list.length, 4);
  });

  it("of ASIO, WASAPI and Core Audio, for each direction", () => {
    const asio = numbers([{ hostApi: "asio", channelSelectors: [3, 1] }, { hostApi: "asio", channelSelectors: [0] }]);
    assert.deepEqual(pair(asio.config, C.PS_CONFIG_INPUT_HOST_SETTINGS), [C.PS_HOST_ASIO, C.PS_HOST_ASIO]);
    assert.deepEqual(pair(asio.config, C.PS_CONFIG_INPUT_CHANNEL_MAP), [2, 1]);
    assert.deepEqual(pair(asio.config, C.PS_CONFIG_INPUT_CHANNELS), [2, 1]);
    assert.deepEqual([...asio.list], [3, 1, 0]);
    const mixed = numbers([
      { hostApi: "wasapi", exclusive: true, autoConvert: true },
      { hostApi: "coreaudio", channelMap: [-1, 0], changeDeviceParameters: true },
    ]);
    assert.deepEqual(pair(mixed.config, C.PS_CONFIG_INPUT_HOST_SETTINGS), [C.PS_HOST_WASAPI, C.PS_HOST_COREAUDIO]);
    assert.deepEqual(pair(mixed.config, C.PS_CONFIG_INPUT_HOST_FLAGS), [3, 1]);
    assert.deepEqual([...mixed.list], [-1, 0]);
    const [none, fail] = [undefined, { hostApi: "coreaudio", failIfConversionRequired: true } as const];
    assert.deepEqual(pair(numbers([none, fail]).config, C.PS_CONFIG_INPUT_HOST_FLAGS), [0, 2]);
  });

  it("that are wrong are named", () => {
    const wrong: [unknown, string, RegExp][] = [
      [{ hostApi: "alsa" }, "RangeError", /hostSettings\.hostApi must be one of "virtual"/],
      [{}, "TypeError", /hostSettings\.hostApi/],
      [7, "TypeError", /hostSettings must be an object, not 7/],
      [{ hostApi: "virtual", clock: "fast" }, "RangeError", /hostSettings\.clock/],
      [{ hostApi: "virtual", loopbackDelay: -1 }, "RangeError", /hostSettings\.loopbackDelay/],
      [{ hostApi: "virtual", faults: {} }, "TypeError", /hostSettings\.faults must be an array/],
      [{ hostApi: "virtual", faults: [{ atFrame: 1, kind: "fire" }] }, "RangeError", /faults\[0\]\.kind/],
      [{ hostApi: "virtual", faults: [{ atFrame: -1, kind: "deviceLost" }] }, "RangeError", /faults\[0\]\.atFrame/],
      [{ hostApi: "virtual", faults: [{ atFrame: 1, kind: "stall" }] }, "TypeError", /faults\[0\]\.seconds/],
      [{ hostApi: "asio", channelSelectors: [0, -1] }, "RangeError", /channelSelectors\[1\]/],
      [{ hostApi: "wasapi", exclusive: "yes" }, "TypeError", /hostSettings\.exclusive/],
    ];
    for (const [settings, name, message] of wrong) {
      assert.throws(() => numbers(settings as StreamOptions["hostSettings"]), { name, message });
    }
    assert.throws(() => numbers({ hostApi: "asio", channelSelectors: [0, 1, 2] }, { channels: 2 }), /2 entries/);
    // Before the device is looked for.
    const options = { device: "no such device", hostSettings: { hostApi: "wasapi", exclusive: 1 } };
    assert.throws(() => new OutputStream(options as unknown as StreamOptions), {
      name: "TypeError",
      message: /exclusive/,
    });
  });
});
