import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import {
  checkSettings,
  defaults,
  deviceChanges,
  type DeviceInfo,
  DeviceNotFoundError,
  formatDeviceList,
  InputStream,
  PastreamError,
  queryDevice,
  queryDevices,
  queryHostApis,
  type StreamOptions,
  versions,
} from "../../mod.ts";
import { matchDevices, newId } from "../../src/device/devices.ts";
import { VERSION } from "../../src/library/version.ts";
import { runTs } from "../helpers/runtime.ts";

function device(index: number, name: string, hostApi = "ALSA"): DeviceInfo {
  return { ...queryDevice("virtual"), index, id: `${hostApi}: ${name}`, name, hostApi };
}

describe("deviceChanges()", () => {
  it("ends at once while its next change is waited for, by return() and throw()", async () => {
    const busy = setInterval(() => {}, 1000); // it keeps no process alive
    try {
      for (const [end, done] of [["return", { done: true, value: undefined }], ["throw", undefined]] as const) {
        const changes = deviceChanges();
        const waiting = changes.next();
        const ended = changes[end]("mine" as never).catch((error) => assert.equal(error, "mine"));
        assert.deepEqual(await waiting, { done: true, value: undefined });
        assert.deepEqual(await ended, done);
        assert.deepEqual(await changes.next(), { done: true, value: undefined });
      }
    } finally {
      clearInterval(busy);
    }
  });

  it("ends with its signal, and is not begun with one that has been aborted", async () => {
    const busy = setInterval(() => {}, 1000);
    const control = new AbortController();
    const changes = deviceChanges({ signal: control.signal });
    const waiting = changes.next();
    control.abort();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    for await (const change of deviceChanges({ signal: control.signal })) assert.fail(change.kind);
    clearInterval(busy);
    assert.throws(() => deviceChanges({ signal: {} as AbortSignal }), TypeError);
  });
});

describe("the list of devices", () => {
  it("has the virtual device at its end", () => {
    const devices = queryDevices();
    const last = devices[devices.length - 1];
    assert.deepEqual(
      [last.name, last.hostApi, last.id, last.maxInputChannels, last.maxOutputChannels, last.defaultSampleRate],
      ["virtual", "Virtual", "Virtual: virtual", 64, 64, 48000],
    );
    assert.deepEqual(devices.map(({ index }) => index), devices.map((_, i) => i));
    assert.equal(new Set(devices.map(({ id }) => id)).size, devices.length);
  });

  it("fits the list of host APIs", () => {
    const devices = queryDevices();
    const hostApis = queryHostApis();
    assert.deepEqual(hostApis.map(({ index }) => index), hostApis.map((_, i) => i));
    const virtual = hostApis[hostApis.length - 1];
    const index = devices.length - 1;
    assert.deepEqual(virtual, {
      index: hostApis.length - 1,
      name: "Virtual",
      devices: [index],
      defaultInputDevice: index,
      defaultOutputDevice: index,
    });
    const listed = hostApis.flatMap(({ devices }) => devices);
    assert.deepEqual([...listed].sort((a, b) => a - b), devices.map(({ index }) => index));
    for (const { name, devices: own } of hostApis) for (const i of own) assert.equal(devices[i].hostApi, name);
  });

  it("is a text for people, a line each", () => {
    const lines = formatDeviceList().split("\n");
    assert.equal(lines.length, queryDevices().length);
    assert.match(lines[lines.length - 1], /^[ ><*] +\d+ virtual, Virtual \(64 in, 64 out\)$/);
  });
});

describe("queryDevice()", () => {
  it("finds by index, id, name and words of any case", () => {
    const virtual = queryDevices().at(-1)!;
    for (const query of [virtual.index, virtual.id, "virtual", "VIRTUAL", " Virtual, Virtual ", "virtual virt"]) {
      assert.deepEqual(queryDevice(query), virtual);
      assert.deepEqual(queryDevice(query, "input"), virtual);
    }
  });

  it("says what there is when it finds none", () => {
    const missing = (error: unknown) => error instanceof PastreamError && error.message.includes("device");
    for (const query of ["no such device", 999, ""]) assert.throws(() => queryDevice(query), missing);
    assert.throws(() => queryDevice(999), (error) => {
      if (!(error instanceof DeviceNotFoundError)) return error instanceof PastreamError; // without PortAudio
      assert.deepEqual(error.candidates, queryDevices());
      return error.message.includes("no device 999") && error.message.includes("virtual, Virtual");
    });
  });

  it("refuses what is no device", () => {
    assert.throws(() => queryDevice(-1), RangeError);
    assert.throws(() => queryDevice(1.5), RangeError);
    for (const wrong of [null, {}, true] as never[]) assert.throws(() => queryDevice(wrong), TypeError);
    assert.throws(() => queryDevice("virtual", "both" as never), { name: "RangeError", message: /kind/ });
  });
});

describe("matching of names", () => {
  const devices = [
    device(0, "HDA Intel PCH: ALC269 Analog (hw:0,0)"),
    device(1, "HDA Intel PCH: HDMI 0 (hw:0,3)"),
    device(2, "USB Audio", "ALSA"),
    device(3, "USB Audio", "JACK Audio Connection Kit"),
    device(4, "USB Audio Pro"),
    device(5, "default"),
  ];
  const found = (text: string) => matchDevices(devices, text).map(({ index }) => index);

  it("takes words in any order, of name and host API", () => {
    assert.deepEqual(found("analog hda"), [0]);
    assert.deepEqual(found("hw:0,3"), [1]);
    assert.deepEqual(found("usb jack"), [3]);
    assert.deepEqual(found("pch"), [0, 1]);
    assert.deepEqual(found("nothing"), []);
  });

  it("prefers exact names and ids", () => {
    assert.deepEqual(found("usb audio"), [2, 3]);
    assert.deepEqual(found("USB Audio, ALSA"), [2]);
    assert.deepEqual(found("JACK Audio Connection Kit: USB Audio"), [3]);
    assert.deepEqual(found("usb audio pro"), [4]);
    assert.deepEqual(found("default"), [5]);
  });

  it("tells devices of the same name apart, whatever they are called", () => {
    const ids = (...names: string[]) => {
      const taken = new Set<string>();
      return names.map((name) => newId(name, taken));
    };
    assert.deepEqual(ids("USB", "USB", "HDA", "USB"), ["USB", "USB #2", "HDA", "USB #3"]);
    assert.deepEqual(ids("USB", "USB", "USB #2", "USB"), ["USB", "USB #2", "USB #2 #2", "USB #3"]);
    assert.deepEqual(ids("USB", "USB #2", "USB"), ["USB", "USB #2", "USB #3"]);
  });

  it("finds every device by its id", () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), (names) => {
      const some = names.map((name, index) => device(index, name));
      for (const each of some) assert.deepEqual(matchDevices(some, each.id), [each]);
    }));
  });
});

describe("the default device", () => {
  let saved: typeof defaults.device;
  beforeEach(() => {
    saved = defaults.device;
  });
  afterEach(() => {
    defaults.device = saved;
  });

  it("is that of `defaults`, each direction its own", () => {
    defaults.device = "virtual";
    assert.equal(queryDevice().name, "virtual");
    assert.equal(queryDevice(undefined, "input").name, "virtual");
    assert.match(formatDeviceList().split("\n").at(-1)!, /^\*/);
    defaults.device = ["virtual", undefined];
    assert.equal(queryDevice(undefined, "input").name, "virtual");
    defaults.device = ["nothing at all", "virtual"];
    assert.throws(() => queryDevice(undefined, "input"), /defaults\.device/);
    assert.match(formatDeviceList().split("\n").at(-1)!, /^</);
  });

  it("is that of PASTREAM_DEVICE, by index, id, words or as the virtual one", async () => {
    const script = new URL("../programs/default-device.ts", import.meta.url);
    const index = String(queryDevices().length - 1);
    for (const PASTREAM_DEVICE of ["virtual", index, "Virtual: virtual", "VIRT"]) {
      const { code, stdout, stderr } = await runTs(script, { env: { PASTREAM_DEVICE } });
      assert.deepEqual([code, stdout.trim()], [0, "virtual virtual"], stderr);
    }
    const { stdout } = await runTs(script, { env: { PASTREAM_DEVICE: "nothing at all" } });
    assert.match(stdout, /PASTREAM_DEVICE: no output device matches "nothing at all"/);
  });
});

describe("checkSettings()", () => {
  it("accepts what the virtual device can do", () => {
    checkSettings("duplex", { device: "virtual" });
    checkSettings("input", { device: "virtual", channels: 64, sampleRate: 768_000, dtype: "int24", blockSize: 17 });
    checkSettings("output", { device: queryDevices().length - 1, sampleRate: 1000, dtype: "uint8" });
  });

  it("throws what opening would", () => {
    const said = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return String(error);
      }
    };
    const cases: StreamOptions[] = [
      { device: "virtual", channels: 65 },
      { device: "virtual", sampleRate: 999 },
      { device: "virtual", hostSettings: { hostApi: "wasapi" } },
      { device: "virtual", blockSize: 64, hostSettings: { hostApi: "virtual", loopbackDelay: 5 } },
      { device: "no such device" },
      { device: 999 },
      { device: "virtual", dtype: "float64" as "float32" },
      5 as StreamOptions,
    ];
    for (const options of cases) {
      const opening = said(() => new InputStream(options));
      assert.ok(opening);
      assert.equal(said(() => checkSettings("input", options)), opening);
    }
    assert.throws(() => checkSettings("output", { device: "virtual", channels: 65 }), { name: "RangeError" });
    assert.throws(() => checkSettings("input", { device: "virtual", sampleRate: 999 }), { name: "RangeError" });
    assert.throws(() => checkSettings("input", { device: 999 }), PastreamError);
    assert.throws(() => checkSettings("neither" as never), { name: "RangeError", message: /kind/ });
  });
});

describe("versions()", () => {
  it("names what is loaded, and from where", () => {
    const { pastream, native, portaudio, libsndfile, paths, origins } = versions();
    assert.equal(pastream, VERSION);
    assert.equal(native, VERSION);
    assert.match(paths.native, /pastream/);
    assert.equal(portaudio === null, paths.portaudio === null);
    assert.equal(libsndfile === null, paths.libsndfile === null);
    assert.equal(portaudio === null, origins.portaudio === null);
    assert.equal(libsndfile === null, origins.libsndfile === null);
    if (portaudio !== null) assert.match(portaudio, /PortAudio/);
    if (libsndfile !== null) assert.match(libsndfile, /\d+\.\d+/);
  });
});
