// How open() finds its device: off the JavaScript thread.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { native } from "../../ffi/load.ts";
import { DeviceNotFoundError, OutputStream } from "../../mod.ts";

describe("open()", () => {
  it("has the list of devices made on another thread, where it needs that", async () => {
    const { ps_device_prepared } = native();
    const before = ps_device_prepared();
    await (await OutputStream.open({ device: "virtual" })).close();
    assert.equal(ps_device_prepared(), before);
    const opening = OutputStream.open({ device: "no device is called like this" });
    await assert.rejects(opening, DeviceNotFoundError);
    const first = ps_device_prepared(); // it has looked again before it gave up
    assert.ok(first > before);
    // Calls at the same time may share a look, and each waits for one that began after it.
    const many = Array.from({ length: 5 }, () => OutputStream.open({ device: "Virtual" }));
    for (const stream of await Promise.all(many)) await stream.close();
    const looks = ps_device_prepared() - first;
    assert.ok(looks >= 1 && looks <= 5, `${looks} looks`);
  });
});
