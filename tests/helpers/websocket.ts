// A WebSocket server, as much of one as a test needs: it keeps the messages of its one client.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // of RFC 6455
const [TEXT, BINARY, CLOSE] = [1, 2, 8];

export interface WebSocketServer {
  readonly url: string;
  /** What the client has sent, once it has closed. */
  readonly messages: Promise<Uint8Array[]>;
  /** Binary messages so far, and texts. */
  readonly received: readonly Uint8Array[];
  readonly texts: readonly string[];
  /** Sends a text or a binary message, once there is a client. */
  send(message: string | Uint8Array): void;
  close(): void;
}

export async function webSocketServer(): Promise<WebSocketServer> {
  const server = createServer();
  const received: Uint8Array[] = [];
  const texts: string[] = [];
  let client: Duplex | undefined;
  const messages = new Promise<Uint8Array[]>((resolve) => {
    server.on("upgrade", (request, socket) => {
      const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      client = socket;
      let pending = Buffer.alloc(0);
      socket.on("data", (data: Uint8Array) => {
        pending = Buffer.concat([pending, data]);
        for (let frame = takeFrame(pending); frame; frame = takeFrame(pending)) {
          pending = pending.subarray(frame.length);
          if (frame.opcode === BINARY) received.push(frame.payload);
          if (frame.opcode === TEXT) texts.push(Buffer.from(frame.payload).toString());
          if (frame.opcode !== CLOSE) continue;
          socket.end(Uint8Array.of(0x80 | CLOSE, 0));
          resolve(received);
        }
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    messages,
    received,
    texts,
    send(message) {
      const payload = Buffer.from(message as Uint8Array);
      const head = Buffer.alloc(10, 0x80 | (typeof message === "string" ? TEXT : BINARY), undefined);
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(payload.length), 2);
      client!.write(Buffer.concat([head, payload]));
    },
    close: () => void server.close(),
  };
}

/** The first frame, which a client masks; undefined while it is not whole. */
function takeFrame(data: Buffer): { opcode: number; payload: Uint8Array; length: number } | undefined {
  if (data.length < 2) return undefined;
  const short = data[1] & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const head = 2 + extended + 4;
  if (data.length < head) return undefined;
  const size = extended === 0 ? short : extended === 2 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  if (data.length < head + size) return undefined;
  const mask = data.subarray(head - 4, head);
  const payload = Uint8Array.from(data.subarray(head, head + size), (byte, i) => byte ^ mask[i & 3]);
  return { opcode: data[0] & 0x0f, payload, length: head + size };
}
