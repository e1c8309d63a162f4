import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { FlowsteadError } from "../../src/base/error/error.ts";
import { Float } from "../../src/base/value.ts";
import { Image, imageVariables } from "../../src/prompt/image.ts";
import { loadPrompty, promptyInputs, renderPrompty } from "../../src/prompt/prompty.ts";
import { compileTemplate } from "../../src/prompt/template.ts";

const root = mkdtempSync(path.join(tmpdir(), "flowstead-prompty-"));
const folder = path.join(root, "inside");
mkdirSync(folder);
after(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof FlowsteadError && error.code === expected;
}

const HEAD = `---
name: Ask
model:
  api: chat
  configuration:
    type: azure_openai
    azure_deployment: \${env:DEPLOYMENT}
    api_key: \${env:NOT_SET}
  parameters:
    temperature: 1.0
    tools: \${file:tools.json}
inputs:
  question: {type: string}
  tone: {type: string, default: kind}
---
`;

test("a prompty gives its model, its inputs and its messages", () => {
  write("tools.json", '[{"type": "function"}]');
  const file = write("ask.prompty", `${HEAD}system:\nBe {{tone}}.\n---\nuser:\n{{question}}\n`);
  const prompty = loadPrompty(file, { env: { DEPLOYMENT: "gpt" } });
  assert.equal(prompty.name, "Ask");
  assert.deepEqual(prompty.model.configuration, {
    type: "azure_openai",
    azure_deployment: "gpt",
    api_key: "${env:NOT_SET}",
  });
  assert.deepEqual(prompty.model.parameters, { temperature: new Float(1), tools: [{ type: "function" }] });
  assert.equal(prompty.model.response, "first");
  assert.deepEqual(renderPrompty(prompty, { question: "Why?\nsystem:\nNo." }), [
    { role: "system", content: "Be kind.\n---" },
    { role: "user", content: "Why?\nsystem:\nNo." },
  ]);
  assert.throws(() => renderPrompty(prompty, { tone: "x" }), code("MissingRequiredInputError"));
  assert.throws(() => promptyInputs(prompty, { tone: "x" }), /Missing required inputs: \['question'\]/);
});

test("the sample stands in when nothing is sent", () => {
  const file = write("sample.prompty", "---\nsample: {q: hello}\n---\nuser:\n{{q}}");
  const prompty = loadPrompty(file);
  assert.equal(prompty.name, "sample");
  assert.deepEqual(renderPrompty(prompty, {}), [{ role: "user", content: "hello" }]);
  assert.deepEqual(renderPrompty(prompty, { q: "mine" }), [{ role: "user", content: "mine" }]);
});

test("what can not be read is said", () => {
  assert.throws(() => loadPrompty(path.join(folder, "none.prompty")), code("InvalidPrompty"));
  assert.throws(() => loadPrompty(write("a.prompty", "no head")), code("InvalidPrompty"));
  assert.throws(() => loadPrompty(write("b.prompty", "---\n- 1\n---\nx")), code("InvalidPrompty"));
  assert.throws(() => loadPrompty(write("c.prompty", "---\na: [\n---\nx")), code("InvalidYaml"));
  assert.throws(
    () => loadPrompty(write("d.prompty", "---\nmodel: {configuration: x}\n---\nx")),
    code("InvalidPrompty"),
  );
  assert.equal(loadPrompty(write("f.prompty", "---\nmodel: {api: other}\n---\nx")).model.api, "chat");
  assert.throws(
    () => loadPrompty(write("e.prompty", "---\nsample: ${file:none.json}\n---\nx")),
    code("InvalidPrompty"),
  );
  assert.throws(() => loadPrompty(write("f.prompty", "---\na: 1\n---\n{% if %}")), code("JinjaTemplateError"));
});

test("images become parts of the content", () => {
  const bytes = Buffer.from("not really a picture");
  write("logo.png", bytes);
  const file = write(
    "see.prompty",
    "---\ninputs: {pic: {}, far: {}, q: {}}\n---\nuser:\n{{q}} ![image]({{pic}})![image]({{far}})",
  );
  const prompty = loadPrompty(file);
  const far = "data:image/jpg;url:https://example.com/a.jpg";
  const messages = renderPrompty(prompty, { pic: "data:image/png;path:logo.png", far, q: "What?" });
  assert.deepEqual(messages, [
    {
      role: "user",
      content: [
        { type: "text", text: "What? " },
        { type: "image_url", image_url: { url: `data:image/png;base64,${bytes.toString("base64")}`, detail: "auto" } },
        { type: "image_url", image_url: { url: "https://example.com/a.jpg", detail: "auto" } },
      ],
    },
  ]);
});

test("an input reads no file outside the prompty's folder", () => {
  writeFileSync(path.join(root, "secret.png"), "secret");
  symlinkSync(path.join(root, "secret.png"), path.join(folder, "link.png"));
  const prompty = loadPrompty(write("spy.prompty", "---\ninputs: {pic: {}}\n---\nuser:\n{{pic}}"));
  for (const target of [path.join(root, "secret.png"), "../secret.png", "../none.png", "link.png"]) {
    const message = `The image file '${target}' is not in the prompty's folder.`;
    const refused = (): unknown => renderPrompty(prompty, { pic: `data:image/png;path:${target}` });
    assert.throws(refused, { code: "InvalidImageInput", message }, "whether it is there is not told");
  }
});

test("a picture that cannot be had is an error, as in the original, and no text for the model", () => {
  const prompty = loadPrompty(write("missing.prompty", "---\ninputs: {pic: {}}\n---\nuser:\n![image]({{pic}})"));
  const cases: [pic: string, message: RegExp, type?: string][] = [
    ["path:none.png", /^\[Errno 2\] No such file or directory: 'none\.png'$/, "FileNotFoundError"],
    ["path:.", /^\[Errno 21\] Is a directory: '\.'$/, "IsADirectoryError"],
    ["base64:abc", /^Incorrect padding$/, "Error"],
    ["base64:abcde", /^Invalid base64-encoded string: number of data characters \(5\) cannot be 1 more/, "Error"],
    ["url:http://127.0.0.1/a.png", /^Failed to fetch image from URL: http:\/\/127\.0\.0\.1\/a\.png\.$/],
    ["url:not a url", /^Failed to fetch image from URL: not a url\.$/],
  ];
  for (const [pic, message, type] of cases) {
    assert.throws(
      () => renderPrompty(prompty, { pic: `data:image/png;${pic}` }),
      (error) =>
        error instanceof FlowsteadError &&
        error.code === "InvalidImageInput" &&
        message.test(error.message) &&
        error.details?.["type"] === type,
      pic,
    );
  }
  const [asked] = renderPrompty(prompty, { pic: "data:image/svg+xml;base64:YWI=" });
  assert.match(JSON.stringify(asked), /"url":"data:image\/svg\+xml;base64,YWI="/);
});

test("the author's own sample may show an image from beside the folder, a caller may not", () => {
  const above = mkdtempSync(path.join(tmpdir(), "prompty-"));
  writeFileSync(path.join(above, "logo.png"), "bytes");
  mkdirSync(path.join(above, "inner"));
  const file = path.join(above, "inner", "chat.prompty");
  const place = "data:image/png;path:../logo.png";
  writeFileSync(file, `---\ninputs: {pic: {}}\nsample: {pic: "${place}"}\n---\nuser:\n![image]({{pic}})`);
  const prompty = loadPrompty(file);
  assert.match(JSON.stringify(renderPrompty(prompty, {})), /image_url/);
  assert.throws(() => renderPrompty(prompty, { pic: place }), { code: "InvalidImageInput" });
  rmSync(above, { recursive: true });
});

test("image variables are those in image tags", () => {
  assert.deepEqual(imageVariables("![image]({{ a }}) {{ b }} ![ image ]({{c}}) ![x]({{d}}) ![image]({{ a }})"), [
    "a",
    "c",
  ]);
});

test("an image is named by its bytes", () => {
  assert.match(String(new Image(Buffer.from("a"))), /^Image\([\da-f]{8}\)$/);
  assert.equal(String(new Image(Buffer.from("a"), "image/PNG")), String(new Image(Buffer.from("a"))));
  assert.equal(new Image(Buffer.from("a"), "image/PNG").toUrl(), "data:image/png;base64,YQ==");
});

test("to a template an image is its bytes, as in Python", () => {
  const image = new Image(Buffer.from([97, 98, 255]), "image/png");
  const shown: Record<string, string> = {
    "{{ i | length }} {{ i | sum }} {{ i | list }}": "3 450 [97, 98, 255]",
    "{% for byte in i %}{{ byte }},{% endfor %}": "97,98,255,",
    "{{ i[0] }} {{ i[-1] }} {{ i[9] }} {{ i | first }} {{ i | join('-') }}": "97 255  97 97-98-255",
    "{{ i is iterable }} {{ i is string }} {{ 97 in i }} {{ 1 in i }}{% if i %} y{% endif %}":
      "True False True False y",
    "{{ i }} {{ i.source_url }}": "Image(bd189cd5) None",
  };
  for (const [template, text] of Object.entries(shown))
    assert.equal(compileTemplate(template).render({ i: image }), text);
});

test("a fault of the template is told by its line in the file", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "prompty-line-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "bad.prompty");
  const head = "---\nmodel:\n  api: chat\ninputs:\n  q: {type: string}\n---\n";
  const where = (line: number): object => ({ code: "JinjaTemplateError", details: { line, file } });
  const matches = (line: number) => (error: unknown) => {
    assert.ok(error instanceof FlowsteadError);
    const { code, details } = error;
    assert.deepEqual({ code, details: { line: details?.["line"], file: details?.["file"] } }, where(line));
    return true;
  };
  writeFileSync(file, `${head}system:\nhello\n{{ q }\n`);
  assert.throws(() => loadPrompty(file), matches(9));
  writeFileSync(file, `${head}system:\n{{ q.x.y }}\n`);
  assert.throws(() => renderPrompty(loadPrompty(file), { q: "a" }, {}), matches(8));
});
