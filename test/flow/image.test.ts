import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { BUILT_IN_TOOLS } from "../../src/tool/index.ts";
import { openFlow } from "../../src/flow/flow-target.ts";
import { checkImageAddress } from "../../src/prompt/image-address.ts";
import { flowResources, openFiles, pythonChain, runFlow, writeFolder } from "./flow-folder.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d4948445200000001", "hex");
const HASH = createHash("sha1").update(PNG).digest("hex").slice(0, 8);

async function open(context: Parameters<typeof writeFolder>[0], files: Record<string, string>) {
  const directory = writeFolder(context, files);
  writeFileSync(path.join(directory, "dot.png"), PNG);
  const target = await openFlow({
    directory,
    tools: BUILT_IN_TOOLS,
    resources: flowResources(),
    python: { env: { PATH: process.env["PATH"] } },
  });
  context.after(() => target.close());
  return target;
}

test("images reach Python as bytes with a type, from files, dicts and data, and come back as data", async (context) => {
  const source =
    "from promptflow.contracts.multimedia import Image\n\n\n@tool\ndef a(x):\n    image = x[0] if isinstance(x, list) else x\n    return [type(image).__name__, len(image), image.mime_type, str(image), image]\n";
  const files = pythonChain(source);
  const base64 = PNG.toString("base64");
  const image = { "data:image/png;base64": base64 };
  const expected = ["Image", PNG.length, "image/png", `Image(${HASH})`, image];
  const typed = {
    ...files,
    "flow.dag.yaml": files["flow.dag.yaml"]?.replace("type: object, default", "type: image, default") ?? "",
  };
  const target = await open(context, typed);
  for (const x of ["dot.png", { "data:image/png;path": "dot.png" }, image, `data:image/png;base64,${base64}`]) {
    const { outputs, error } = await runFlow(target, { x });
    assert.deepEqual(outputs?.["o"], expected, error?.message);
  }
  const inList = await open(context, files);
  assert.deepEqual((await runFlow(inList, { x: [{ "data:image/png;path": "dot.png" }] })).outputs?.["o"], expected);
  const vision = await open(context, {
    ...files,
    "flow.dag.yaml": `message_format: openai-vision\n${files["flow.dag.yaml"]}`,
  });
  const { outputs } = await runFlow(vision, { x: [{ type: "image_file", image_file: { path: "dot.png" } }] });
  const written = { type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } };
  assert.deepEqual(outputs, { o: [...expected.slice(0, 4), written] });
});

test("texts of vision messages are texts to code and templates, and print as such", async (context) => {
  const files = pythonChain("@tool\ndef a(x):\n    return [repr(x), type(x[0]).__name__]\n");
  const target = await open(context, {
    ...files,
    "flow.dag.yaml":
      `message_format: openai-vision\n${files["flow.dag.yaml"]}`.replace(
        "outputs: {",
        "outputs: {p: {type: string, reference: '${p.output}'}, ",
      ) + "- {name: p, type: prompt, source: {path: p.jinja2}, inputs: {x: '${inputs.x}'}}\n",
    "p.jinja2": "{{x}}{% for one in x %}|{{one}}{% endfor %}",
  });
  const x = [
    { type: "text", text: "hi" },
    { type: "text", text: { value: "ho" } },
  ];
  const { outputs, error } = await runFlow(target, { x });
  assert.deepEqual(outputs, { o: ["['hi', 'ho']", "Text"], p: "['hi', 'ho']|hi|ho" }, error?.message);
});

test("a prompt prints an image by its hash", async (context) => {
  const target = await open(context, {
    "flow.dag.yaml":
      "inputs: {x: {type: image}}\noutputs: {o: {type: string, reference: '${p.output}'}}\nnodes:\n- {name: p, type: prompt, source: {path: p.jinja2}, inputs: {x: '${inputs.x}'}}\n",
    "p.jinja2": "see {{x}}",
  });
  assert.deepEqual((await runFlow(target, { x: "dot.png" })).outputs, { o: `see Image(${HASH})` });
});

test("what Python makes of images and texts prints the same in both notations, in tuples too", async (context) => {
  const files = (format: string): Record<string, string> => ({
    "flow.dag.yaml": [
      `message_format: ${format}`,
      "inputs: {x: {type: object, default: {}}}",
      "outputs: {o: {type: string, reference: '${p.output}'}, t: {type: string, reference: '${n.output.text}'}}",
      "nodes:",
      "- {name: n, type: python, source: {path: n.py}, inputs: {x: '${inputs.x}'}}",
      "- {name: p, type: prompt, source: {path: p.jinja2}, inputs: {all: '${n.output}'}}",
    ].join("\n"),
    "n.py": [
      "from promptflow.contracts.multimedia import Image, Text",
      "from promptflow.core import tool",
      "@tool",
      "def n(x):",
      "    image = Image(b'ab', 'image/png')",
      "    return {'one': image, 'pair': (image, 1), 'text': Text('said')}",
    ].join("\n"),
    "p.jinja2": "{{ all.one }} {{ all.pair }} {{ all.pair[0] }} {{ all.text }}",
  });
  for (const format of ["basic", "openai-vision"]) {
    const { outputs } = await runFlow(await openFiles(context, files(format)));
    const image = "Image(da23614e)";
    assert.deepEqual(outputs, { o: `${image} (${image}, 1) ${image} said`, t: "said" }, format);
  }
});

test("base64 may stand behind its own address's head, as in the original", async (context) => {
  const target = await openFiles(context, {
    "flow.dag.yaml": "inputs: {i: {type: image}}\noutputs: {o: {type: object, reference: '${inputs.i}'}}\n",
  });
  const { outputs } = await runFlow(target, { i: { "data:image/png;base64": "data:image/png;base64,YWI=" } });
  assert.deepEqual(outputs, { o: { "data:image/png;base64": "YWI=" } });
});

test("an image that cannot be loaded is told by input; files outside the flow's folder are not read", async (context) => {
  const files = pythonChain("@tool\ndef a(x):\n    return str(x)\n");
  const target = await open(context, {
    ...files,
    "flow.dag.yaml": files["flow.dag.yaml"]?.replace("type: object, default", "type: image, default") ?? "",
  });
  const cases: [unknown, RegExp][] = [
    ["", /^Failed to load image for input 'x': \(InvalidImageInput\) The image input should not be empty\.$/],
    ["gone.png", /x': \(FileNotFoundError\) \[Errno 2\] No such file or directory: 'gone\.png'$/],
    ["../../../../../../etc/nobody", /is missing, or not in the flow's folder\./],
    ["../../../../../../etc/passwd", /is missing, or not in the flow's folder\./],
    [{ "data:image/png;path": "/etc/passwd" }, /is missing, or not in the flow's folder\./],
    [{ "data:image/png;base64": "***" }, /Invalid base64 image/],
    [{ a: 1 }, /Invalid image input format/],
    [5, /Unsupported image input type: <class 'int'>\. The image/],
    [null, /Unsupported image input type: <class 'NoneType'>\./],
    [[5], /Unsupported image input type: <class 'int'>\./],
  ];
  for (const [x, message] of cases) {
    const { error, nodes } = await runFlow(target, { x: x as never });
    assert.equal(error?.code, "LoadMultimediaDataError");
    assert.match(error?.message ?? "", message);
    assert.deepEqual(nodes, {});
  }
});

test("an image named by URL is fetched once before any node runs, by the flow's own way out, and keeps its URL", async (context) => {
  const asked: string[] = [];
  const proxy = createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url.endsWith("/old.png")) response.writeHead(302, { location: "/dot.png" }).end();
    else if (url.endsWith("/in.png")) response.writeHead(302, { location: "http://127.0.0.1/dot.png" }).end();
    else if (url.endsWith("/dot.png")) response.end(PNG);
    else response.writeHead(404).end("none here");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  context.after(() => proxy.close());
  const target = await openFiles(
    context,
    {
      "flow.dag.yaml":
        "inputs: {x: {type: image}}\noutputs: {o: {type: string, reference: '${p.output}'}, b: {type: string, reference: '${b.output}'}}\nnodes:\n- {name: p, type: prompt, source: {path: p.jinja2}, inputs: {x: '${inputs.x}'}}\n- {name: b, type: python, source: {path: b.py}, inputs: {x: '${inputs.x}'}}\n",
      "p.jinja2": "see {{x}}",
      "b.py":
        "from promptflow.core import tool\n\n\n@tool\ndef b(x):\n    return [len(x), x.mime_type, x.source_url]\n",
    },
    {
      python: {
        env: { PATH: process.env["PATH"], http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
      },
    },
  );
  const url = "http://pictures.example/old.png";
  const { outputs, error } = await runFlow(target, { x: url });
  assert.deepEqual(outputs, { o: `see Image(${HASH})`, b: [PNG.length, "image/png", url] }, error?.message);
  assert.deepEqual(asked, [url, "http://pictures.example/dot.png"]);
  const start = "Failed to load image for input 'x': (InvalidImageInput) Failed to fetch image from URL: ";
  const cases: [string, string][] = [
    ["http://pictures.example/gone.png", ". Error code: 404. Error message: none here."],
    ["http://pictures.example/in.png", "."],
    ["ftp://pictures.example/dot.png", "."],
  ];
  for (const [x, end] of cases) {
    const run = await runFlow(target, { x });
    assert.equal(run.error?.message, `${start}${x}${end}`);
    assert.equal(run.error.code, "LoadMultimediaDataError");
    assert.deepEqual(run.nodes, {});
  }
});

test("Python fetches an image by http from public addresses only", async (context) => {
  const target = await open(
    context,
    pythonChain("from promptflow.contracts._fetch import fetch\n\n@tool\ndef a(x):\n    return fetch(x[0])\n"),
  );
  for (const url of [
    "file:///etc/passwd",
    "http://127.0.0.1:1/a.png",
    "http://localhost/a.png",
    "http://169.254.169.254/",
  ]) {
    const { error } = await runFlow(target, { x: [url] });
    assert.match(
      error?.message ?? "",
      /\(ValueError\) Images are (fetched by http and https only|not fetched from private)/,
      url,
    );
  }
});

test("addresses of this machine and of private networks are refused before anything is fetched", () => {
  for (const url of [
    "http://localhost:8080/x.png",
    "https://me@127.0.0.1/",
    "http://0x7f.1/",
    "http://2130706433/",
    "https://10.1.2.3/",
    "http://169.254.169.254/latest",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fe80::1]/",
    "ftp://example.com/x.png",
    "file:///etc/passwd",
    "::1",
  ]) {
    assert.throws(() => checkImageAddress(url), { code: "InvalidImageInput" }, url);
  }
  for (const url of ["https://example.com/x.png", "http://8.8.8.8/x.png", "http://[2606:4700::1111]/x.png"]) {
    checkImageAddress(url);
  }
});
