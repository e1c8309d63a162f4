// `.prompty` files: a YAML head that says which model and which inputs, and a template.

import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { type Value, type ValueMap, isMap, pyRepr, truthy } from "../base/value.ts";
import { parseYaml } from "../base/yaml.ts";
import type { ChatMessage } from "../model/chat-model.ts";
import { liftImages } from "./image.ts";
import { asImage } from "./image-text.ts";
import { resolveReferences } from "./prompty-reference.ts";
import { readSample, typeOf } from "./prompty-sample.ts";
import { renderChat } from "./render-chat.ts";
import { type Template, compileTemplate } from "./template.ts";

/** What of a model's configuration may stand beside a connection. */
const NAMING = new Set(["type", "connection", "model", "azure_deployment"]);

interface PromptyModel {
  api: "chat" | "completion";
  /** `connection`, or the fields of one, with `type` `azure_openai` or `openai`. */
  configuration: ValueMap;
  /** Body fields of the request, such as `max_tokens` or `tools`. */
  parameters: ValueMap;
  /** Whether the first choice is the result, or the whole reply. */
  response: "first" | "all";
}

export interface Prompty {
  name: string;
  file: string;
  /** The whole head, with its references resolved. */
  head: ValueMap;
  model: PromptyModel;
  /** Declarations by input name; those of the sample when the head declares none. */
  inputs: Readonly<Record<string, ValueMap>>;
  /** Whether they are the sample's. */
  isSampled: boolean;
  outputs: Readonly<Record<string, ValueMap>>;
  sample: ValueMap | null;
  template: Template;
}

export interface PromptyOptions {
  /** Where `${env:NAME}` is looked up. */
  env?: Readonly<Record<string, string | undefined>>;
  /** What the head says instead: maps are merged at any depth, everything else is replaced. */
  changes?: ValueMap;
}

/** @throws FlowsteadError `InvalidPrompty`, `InvalidYaml`, `InvalidModelConnection` or `JinjaTemplateError` */
export function loadPrompty(file: string, options: PromptyOptions = {}): Prompty {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new FlowsteadError("InvalidPrompty", `Source ${file} does not exist.`, { details: { file } });
  }
  const { head: written, template, before } = parsePrompty(readFileSync(file, "utf8").replace(/^\uFEFF/, ""), file);
  const place = { base: path.dirname(file), env: options.env ?? {} };
  const changes = resolveReferences(options.changes ?? {}, place) as ValueMap;
  const head = changed(resolveReferences(written, place) as ValueMap, changes);
  const declared = mapOfMaps(head["inputs"]);
  const isDeclared = Object.keys(declared).length > 0;
  const sample = readSample(head["sample"], place.base, isDeclared);
  const sampled = Object.fromEntries(
    Object.entries(sample ?? {}).map(([name, value]) => [name, { type: typeOf(value) }]),
  );
  return {
    name: typeof head["name"] === "string" ? head["name"] : path.basename(file, path.extname(file)),
    file,
    head,
    model: toModel(head["model"], file),
    inputs: isDeclared ? declared : sampled,
    isSampled: !isDeclared,
    outputs: mapOfMaps(head["outputs"]),
    sample,
    template: compileTemplate(liftImages(template), { file, before, env: place.env }),
  };
}

/**
 * Splits a prompty at the first line of dashes that closes its head, so that a rule in the template's text does no harm.
 * @throws FlowsteadError `InvalidPrompty` or `InvalidYaml`
 */
export function parsePrompty(text: string, file: string): { head: ValueMap; template: string; before: number } {
  const source = text.replace(/\r\n/g, "\n");
  const match = /^\s*-{3,}[ \t]*\n([^]*?)^-{3,}[ \t]*(?:\n|$)([^]*)$/m.exec(source);
  if (!match) {
    const message =
      `${file}: Illegal formatting of prompty. The prompt file is in markdown format and can be divided into two parts, ` +
      "the first part is in YAML format and contains connection and model information. The second part is the prompt template.";
    throw new FlowsteadError("InvalidPrompty", message, { details: { file } });
  }
  const head = parseYaml(match[1] ?? "", file).value ?? {};
  if (!isMap(head))
    throw new FlowsteadError("InvalidPrompty", `${file}: the head is no mapping.`, { details: { file } });
  const template = match[2] ?? "";
  const before = source.slice(0, source.length - template.length).split("\n").length - 1;
  return { head, template, before };
}

/**
 * The values that a call gives the template: what was sent, then defaults; the sample when nothing was sent at all.
 * Images written as text (`data:image/png;path:...`) become images.
 * @throws FlowsteadError `MissingRequiredInputError`
 */
export function promptyInputs(prompty: Prompty, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const source = Object.keys(given).length === 0 && prompty.sample ? prompty.sample : given;
  const missing: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(prompty.inputs)) {
    const isSent = source === given && Object.hasOwn(given, name);
    const value = Object.hasOwn(source, name) ? source[name] : declaration["default"];
    if (value === undefined) missing.push(name);
    else if (typeof value !== "string") values[name] = value;
    else values[name] = asImage(value, path.dirname(prompty.file), isSent ? "caller" : "author");
  }
  if (missing.length > 0) {
    throw new FlowsteadError("MissingRequiredInputError", `Missing required inputs: ${pyRepr(missing)}`, {
      details: { missing },
    });
  }
  return values;
}

/** The messages of a chat prompty. Every input counts as a user's: none of them can make a role. */
export function renderPrompty(
  prompty: Prompty,
  given: Readonly<Record<string, unknown>>,
  options: { signal?: AbortSignal } = {},
): ChatMessage[] {
  const inputs = promptyInputs(prompty, given);
  return renderChat(prompty.template, inputs, { ...options, escape: Object.keys(inputs) });
}

function changed(base: ValueMap, changes: ValueMap): ValueMap {
  const merged: ValueMap = {};
  for (const [key, value] of Object.entries(changes)) {
    const before = base[key];
    merged[key] = isMap(value) ? changed(isMap(before) ? before : {}, value) : value;
  }
  return { ...merged, ...Object.fromEntries(Object.entries(base).filter(([key]) => !Object.hasOwn(merged, key))) };
}

function toModel(value: Value | undefined, file: string): PromptyModel {
  const model = part(value, "model", file);
  // As the original: whatever is no completion is a chat.
  const api = model["api"] === "completion" ? "completion" : "chat";
  const configuration = part(model["configuration"], "model.configuration", file);
  const settings = Object.entries(configuration).filter(([key, setting]) => truthy(setting) && !NAMING.has(key));
  if (truthy(configuration["connection"]) && settings.length > 0) {
    throw new FlowsteadError(
      "InvalidModelConnection",
      "Cannot configure model config and connection in configuration at the same time.",
      { details: { file, settings: settings.map(([key]) => key) } },
    );
  }
  return {
    api,
    configuration,
    parameters: part(model["parameters"], "model.parameters", file),
    response: model["response"] === "all" ? "all" : "first",
  };
}

function part(value: Value | undefined, name: string, file: string): ValueMap {
  if (value === undefined || value === null) return {};
  if (isMap(value)) return value;
  throw new FlowsteadError("InvalidPrompty", `${file}: ${name} is ${pyRepr(value)}; it has to be a mapping.`, {
    details: { file },
  });
}

function mapOfMaps(value: Value | undefined): Record<string, ValueMap> {
  if (!isMap(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, isMap(item) ? item : {}]));
}
