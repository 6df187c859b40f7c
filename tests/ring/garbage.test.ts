// What becomes of rings and views when JavaScript lets go of one and not of the other.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { native } from "../../ffi/load.ts";
import { RingBuffer } from "../../mod.ts";
import { collectGarbage } from "../helpers/collect.ts";

/** Makes rings and forgets them; `keep` is given each before that. */
function forget(count: number, keep: (ring: RingBuffer) => void = () => {}): void {
  for (let i = 0; i < count; i++) keep(new RingBuffer(1, 4096));
}

describe("rings that are not closed", () => {
  it("are freed when they are collected, with or without views", async () => {
    const before = native().ps_handle_count();
    forget(100);
    forget(100, (ring) => ring.getReadBuffers());
    assert.equal(native().ps_handle_count(), before + 200);
    for (let i = 0; i < 20 && native().ps_handle_count() > before; i++) await collectGarbage();
    // A conservative collector may take a number on the stack for a reference.
    assert.ok(native().ps_handle_count() <= before + 20, `${native().ps_handle_count() - before} of 200 are left`);
  });

  it("are kept as long as a view of theirs is", async () => {
    const before = native().ps_handle_count();
    const views: Uint8Array[] = [];
    forget(50, (ring) => {
      ring.write(new Uint8Array(4096).fill(5));
      views.push(ring.getReadBuffers()[1]);
    });
    for (let i = 0; i < 5; i++) await collectGarbage();
    assert.ok(native().ps_handle_count() >= before + 50);
    assert.ok(views.every((view) => view.length === 4096 && view.every((byte) => byte === 5)));
  });

  it("are kept while they are shared", async () => {
    const shared = (() => new RingBuffer(1, 64).share())();
    for (let i = 0; i < 5; i++) await collectGarbage();
    using ring = RingBuffer.from(shared);
    assert.equal(ring.write(new Uint8Array(3)), 3);
    native().ps_ring_free(shared.pastreamRing);
  });
});

describe("memory that only its ring holds", () => {
  it("stays as long as the ring over it", async () => {
    const rings = Array.from({ length: 50 }, () => new RingBuffer(1, undefined, new Uint8Array(4096)));
    for (const ring of rings) ring.write(new Uint8Array(4096).fill(7));
    for (let i = 0; i < 5; i++) {
      await collectGarbage();
      Array.from({ length: 50 }, () => new Uint8Array(4096).fill(1));
    }
    for (const ring of rings) {
      assert.ok(ring.read().every((byte) => byte === 7));
      ring.close();
    }
  });
});

describe("views of a closed ring", () => {
  it("do not keep its handle for longer than themselves", async () => {
    const before = native().ps_handle_count();
    const views = Array.from({ length: 20 }, () => {
      const ring = new RingBuffer(1, 4096);
      ring.write(new Uint8Array(4096).fill(9));
      const [, view] = ring.getReadBuffers();
      ring.close();
      return view;
    });
    assert.ok(views.every((view) => view.length === 0 || view.every((byte) => byte === 9)));
    views.length = 0;
    for (let i = 0; i < 20 && native().ps_handle_count() > before; i++) await collectGarbage();
    assert.ok(native().ps_handle_count() <= before + 2, `${native().ps_handle_count() - before} of 20 are left`);
  });
});
