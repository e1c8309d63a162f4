// A stand-in for a public encyclopedia: real HTTPS on 127.0.0.1 with a certificate of its own authority, reached as from
// inside a company through an HTTP CONNECT proxy. Its search page has the shape that programs which read it expect.

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Article {
  title: string;
  paragraphs: string[];
  points?: string[];
}

export interface Encyclopedia {
  /** What a program needs in its environment to reach the encyclopedia and trust it. */
  readonly env: Record<string, string>;
  /** Search words that arrived, in order. */
  readonly searches: readonly string[];
  /** `host:port` of every tunnel that was asked for, refused ones too. */
  readonly tunnels: readonly string[];
  close(): Promise<void>;
}

export interface EncyclopediaOptions {
  /** Names that the certificate and the proxy know; every other one is refused with 403. */
  hosts: readonly [string, ...string[]];
  articles: readonly Article[];
}

/** Why the stand-in cannot run here, or undefined. */
export function noEncyclopedia(): string | undefined {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "openssl, which makes the stand-in's certificate, is not installed";
  }
}

export async function startEncyclopedia({ hosts, articles }: EncyclopediaOptions): Promise<Encyclopedia> {
  const folder = await mkdtemp(path.join(tmpdir(), "encyclopedia-"));
  const authority = path.join(folder, "authority.pem");
  const { key, cert } = await makeCertificate(folder, hosts);
  const searches: string[] = [];
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();

  const site = createHttpsServer({ key, cert }, (request, response) => {
    const url = new URL(request.url ?? "/", `https://${hosts[0]}`);
    const words = url.searchParams.get("search");
    if (url.pathname !== "/w/index.php" || words === null) {
      response.writeHead(404, { "content-type": "text/html" }).end("<p>There is no such page.</p>");
      return;
    }
    searches.push(words);
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(searchPage(words, articles));
  });
  site.on("connection", (socket: Socket) => keep(socket, sockets));

  const proxy = createHttpServer((_request, response) => {
    response.writeHead(405).end("This proxy only opens tunnels.");
  });
  proxy.on("connection", (socket: Socket) => keep(socket, sockets));
  proxy.on("connect", (request, client: Socket, head: Buffer) => {
    const target = request.url ?? "";
    tunnels.push(target);
    if (!hosts.some((host) => target === `${host}:443`)) {
      client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const upstream = connect((site.address() as AddressInfo).port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    keep(upstream, sockets);
    upstream.once("close", () => client.destroy());
    client.once("close", () => upstream.destroy());
  });

  for (const server of [site, proxy]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    env: { HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl, NO_PROXY: "", REQUESTS_CA_BUNDLE: authority },
    searches,
    tunnels,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      for (const server of [site, proxy]) await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  // A reset is how a client that was killed says goodbye.
  socket.on("error", () => socket.destroy());
  socket.once("close", () => sockets.delete(socket));
}

/** An article when its title was searched for, else a list of the titles that hold one of the words. */
function searchPage(words: string, articles: readonly Article[]): string {
  const wanted = words.trim().toLowerCase();
  const article = articles.find(({ title }) => title.toLowerCase() === wanted);
  if (article) return page(article.title, articleBody(article));
  const parts = new Set(wanted.split(/\W+/).filter(Boolean));
  const similar = articles.filter(({ title }) =>
    title
      .toLowerCase()
      .split(/\W+/)
      .some((word) => parts.has(word)),
  );
  if (similar.length === 0) return page("Search results", "<p>There were no results matching the query.</p>");
  const headings = similar.map(
    ({ title }) =>
      `<div class="mw-search-result-heading"><a href="/wiki/${encodeURIComponent(title)}">${escape(title)}</a></div>`,
  );
  return page("Search results", `<div class="mw-search-results-container">${headings.join("\n")}</div>`);
}

function articleBody({ title, paragraphs, points = [] }: Article): string {
  const items = points.map((point) => `<li>${escape(point)}</li>`).join("");
  return [
    `<h1>${escape(title)}</h1>`,
    ...paragraphs.map((text) => `<p>${escape(text)}</p>`),
    points.length > 0 ? `<ul>${items}</ul>` : "",
  ].join("\n");
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html><html lang="en"><head><title>${escape(title)}</title></head><body>${body}</body></html>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A fresh authority in `authority.pem` and a certificate it signed for the hosts. */
async function makeCertificate(folder: string, hosts: readonly string[]): Promise<{ key: Buffer; cert: Buffer }> {
  const openssl = (line: string): Buffer => execFileSync("openssl", line.split(" "), { cwd: folder, stdio: "pipe" });
  const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  const authority = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
  openssl(`req -x509 ${newKey} -days 2 ${authority} -subj /CN=Test-authority -keyout authority.key -out authority.pem`);
  openssl(`req ${newKey} -subj /CN=${hosts[0]} -keyout site.key -out site.csr`);
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  await writeFile(
    path.join(folder, "site.ext"),
    `basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=${names}\n`,
  );
  const signer = "-CA authority.pem -CAkey authority.key -CAcreateserial";
  openssl(`x509 -req -in site.csr -out site.pem -days 2 -extfile site.ext ${signer}`);
  const [key, cert] = await Promise.all(["site.key", "site.pem"].map((name) => readFile(path.join(folder, name))));
  return { key: key as Buffer, cert: cert as Buffer };
}
