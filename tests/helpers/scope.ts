// A page of the live view, as a test sees it: its requests and its events.
import { connect } from "node:net";
import { decodePacket } from "../../cli/scope/page/packet.js";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request, byte by byte as it is said here: an HTTP client would not let the headers be wrong. */
export function rawRequest(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): Promise<Answer> {
  const { hostname, port, pathname, host } = new URL(url);
  const all = { Host: host, Connection: "close", "Content-Length": String(body.length), ...headers };
  const head = [`${method} ${pathname} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ""));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (part) => void (text += part));
    socket.on("close", () => resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]), text }));
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

/** What the page's own script does: a request that changes something. */
export async function post(url: string, name: string, body: unknown = {}): Promise<Answer> {
  const headers = { Origin: new URL(url).origin, "Content-Type": "application/json" };
  const response = await fetch(url + name, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

export interface PageEvent {
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- whatever the program tells
  readonly data: any;
}

/** The events of a view, from now until the caller leaves the loop. */
export async function* events(url: string): AsyncGenerator<PageEvent, void, void> {
  const ending = new AbortController();
  try {
    const response = await fetch(`${url}events`, { signal: ending.signal });
    let text = "";
    const decoder = new TextDecoder();
    const reader = response.body!.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      const whole = text.split("\n\n");
      text = whole.pop()!;
      for (const event of whole) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event)!;
        yield { name, data: name === "packet" ? decodePacket(data) : JSON.parse(data) };
      }
    }
  } finally {
    ending.abort();
  }
}

/** The first event of that name which `isWanted`. */
// deno-lint-ignore no-explicit-any -- whatever the program tells
export async function firstEvent(url: string, name: string, isWanted = (_data: any) => true): Promise<any> {
  for await (const event of events(url)) {
    if (event.name === name && isWanted(event.data)) return event.data;
  }
  throw new Error(`the events ended without ${name}`);
}
