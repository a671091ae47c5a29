// Serves a folder on 127.0.0.1, as any web server would: texts compressed, no rewriting, 404 for what is not there.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".csv": "text/csv; charset=utf-8",
  ".ipynb": "application/x-ipynb+json",
};

export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://127.0.0.1").pathname));
    try {
      const body = await readFile(join(folder, path.endsWith("/") ? `${path}index.html` : path));
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      const packed = /text|json|svg/.test(type) && /gzip/.test(request.headers["accept-encoding"] ?? "");
      response.writeHead(200, { "content-type": type, "cache-control": "max-age=600", ...(packed ? { "content-encoding": "gzip" } : {}) });
      response.end(packed ? gzipSync(body) : body);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("not found");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { base: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
