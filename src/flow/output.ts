// Flow outputs, told as soon as what they refer to has ended.

import { FlowsteadError } from "../base/error/error.ts";
import { orderedMap } from "../base/ordered-map.ts";
import { PythonLiteral, type Value, type ValueMap, isMap, pyStr } from "../base/value.ts";
import type { PieceFacts } from "../python/message.ts";
import { PythonValue } from "../python/python-value.ts";
import { TextFeed } from "../python/text-feed.ts";
import type { FlowEvent } from "./event.ts";
import { hasImage, imagesWritten } from "./image.ts";
import { type NodeValue, plainValue } from "./node/value.ts";
import type { FlowPlan, PlannedOutput } from "./plan.ts";
import { type Progress, nodeProperty } from "./resolve.ts";

/** Collects the outputs of one run. A fault in one is kept until all nodes have ended, as in the original. */
export class OutputCollector {
  readonly #plan: FlowPlan;
  readonly #progress: Progress;
  readonly #emit: (event: FlowEvent) => void;
  readonly #values = new Map<string, Value>();
  // Made when they are needed, which is seldom: a run makes many small things.
  #faults: Map<string, FlowsteadError> | undefined;
  #streamedText: Map<string, string> | undefined;
  /** Outputs that are told before what they refer to has ended: they stand beside a stream. */
  #early: Set<string> | undefined;

  constructor(plan: FlowPlan, progress: Progress, emit: (event: FlowEvent) => void) {
    this.#plan = plan;
    this.#progress = progress;
    this.#emit = emit;
  }

  /** Tells the outputs that depend on no node. */
  begin(): void {
    for (const { definition } of this.#plan.outputs) {
      const { name, reference } = definition;
      if (reference.kind === "literal") this.#given(name, reference.value);
      else if (reference.kind === "input") this.#given(name, this.#progress.inputs[reference.name] ?? null);
    }
  }

  #given(name: string, value: Value): void {
    if (!(value instanceof PythonLiteral)) return this.#tell(name, value);
    const { plain, refusal } = value.facts;
    if (refusal === undefined) this.#tell(name, plain);
    else (this.#faults ??= new Map()).set(name, unserializable(name, refusal));
  }

  /** Passes on a piece of a streaming node's text. */
  text(node: string, text: string, json: string | undefined): void {
    for (const { definition, streamed } of this.#of(node)) {
      if (!streamed) continue;
      const texts = (this.#streamedText ??= new Map());
      texts.set(definition.name, (texts.get(definition.name) ?? "") + text);
      this.#emit(textDelta(definition.name, text, json));
    }
  }

  /** Passes on a piece of a stream that a node returned without having declared it, or that is a field of its output. */
  unannounced(node: string, field: string, { text, json, beside }: { text: string } & PieceFacts): void {
    if (beside) this.#tellBeside(node, beside);
    const referring = this.#of(node).filter(
      ({ definition: { reference }, streamed }) =>
        !streamed && reference.kind === "node" && reference.property === field,
    );
    const names =
      this.#plan.spread === node
        ? [field === "" ? "output" : field]
        : referring.map(({ definition }) => definition.name);
    const othersTold = beside !== undefined && this.#plan.spread === node;
    for (const output of names) {
      const piece = textDelta(output, text, json);
      this.#emit(othersTold ? { ...piece, othersTold } : piece);
    }
  }

  /** Readers take the plain outputs first, so those must not wait for the end of the stream. */
  #tellBeside(node: string, beside: ValueMap): void {
    const fields = Object.entries(beside);
    const told =
      this.#plan.spread === node
        ? fields
        : this.#of(node).flatMap(({ definition: { name, reference } }) => {
            const found = fields.find(([field]) => reference.kind === "node" && reference.property === field);
            // How an image is written is known when the value is there.
            return found && !hasImage(found[1], "basic") ? [[name, found[1]] as const] : [];
          });
    for (const [name, value] of told) {
      (this.#early ??= new Set()).add(name);
      this.#emit({ type: "output", name, value });
    }
  }

  /** Tells the outputs that refer to a node which has ended. */
  settled(node: string): Promise<void> | undefined {
    const given = this.#progress.values.get(node) ?? null;
    const value = given instanceof TextFeed ? given.text : given;
    if (this.#plan.spread === node) {
      this.#spread(value);
      return undefined;
    }
    let waiting: Promise<void> | undefined;
    for (const output of this.#of(node)) {
      // Outputs are told in the order of the file.
      waiting = waiting ? waiting.then(() => this.#settle(node, value, output)) : this.#settle(node, value, output);
    }
    return waiting;
  }

  /** Only what lives in Python has to be waited for. */
  #settle(node: string, value: NodeValue, output: PlannedOutput): Promise<void> | undefined {
    const { name, reference } = output.definition;
    if (reference.kind !== "node") return undefined;
    if (this.#progress.bypassed.has(node)) {
      const message = `The node referenced by output:'${node}' is bypassed, which is not recommended.`;
      this.#emit({ type: "warning", message });
    }
    const fault = (thrown: unknown): void => void (this.#faults ??= new Map()).set(name, FlowsteadError.from(thrown));
    try {
      const found = nodeProperty(node, value, reference.property);
      if (found instanceof Promise) return found.then((settled) => this.#found(output, settled)).catch(fault);
      this.#found(output, found);
    } catch (thrown) {
      fault(thrown);
    }
    return undefined;
  }

  #found({ definition: { name }, streamed }: PlannedOutput, found: NodeValue): void {
    const { messageFormat } = this.#plan.definition;
    const plain =
      found instanceof PythonValue ? imagesWritten(serializable(name, found), messageFormat) : plainValue(found);
    if (streamed) this.#endStream(name, plain);
    else this.#tell(name, plain);
  }

  /** Tells each field of a value as an output; a value without fields is the output `output`. */
  #spread(value: NodeValue): void {
    const fault = value instanceof PythonValue ? value.fieldError : undefined;
    if (fault) throw unserializable(fault.name, fault.refusal);
    const plain = plainValue(value);
    for (const [name, field] of Object.entries(isMap(plain) ? plain : { output: plain })) this.#tell(name, field);
  }

  /** All outputs in the order of the file. @throws FlowsteadError the first output's fault. */
  finish(): ValueMap {
    if (this.#plan.spread !== undefined) return orderedMap(this.#values);
    const values: ValueMap = {};
    for (const { definition } of this.#plan.outputs) {
      const fault = this.#faults?.get(definition.name);
      if (fault) throw fault;
      values[definition.name] = this.#values.get(definition.name) ?? null;
    }
    return values;
  }

  /** What was streamed is the value; a node that did not stream after all is told in one piece. */
  #endStream(name: string, value: Value): void {
    const text = this.#streamedText?.get(name);
    if (text !== undefined) this.#values.set(name, text);
    else if (value === null) this.#values.set(name, null);
    else {
      const whole = pyStr(value);
      if (whole !== "") this.#emit({ type: "text-delta", output: name, text: whole });
      this.#values.set(name, whole);
    }
  }

  #tell(name: string, value: Value): void {
    this.#values.set(name, value);
    if (!this.#early?.has(name)) this.#emit({ type: "output", name, value });
  }

  #of(node: string): readonly PlannedOutput[] {
    return outputsByNode(this.#plan).get(node) ?? [];
  }
}

function textDelta(output: string, text: string, json: string | undefined): FlowEvent & { type: "text-delta" } {
  return json === undefined ? { type: "text-delta", output, text } : { type: "text-delta", output, text, json };
}

interface OutputNames {
  plain: string[];
  streamed: string[];
}

const NAMES = new WeakMap<FlowPlan, OutputNames>();

/** The plan's outputs as a run's first event names them. */
export function outputNames(plan: FlowPlan): OutputNames {
  let found = NAMES.get(plan);
  if (!found) {
    const names = (streamed: boolean): string[] =>
      plan.outputs.filter((output) => output.streamed === streamed).map(({ definition }) => definition.name);
    NAMES.set(plan, (found = { plain: names(false), streamed: names(true) }));
  }
  return found;
}

const OUTPUTS = new WeakMap<FlowPlan, Map<string, PlannedOutput[]>>();

/** Looked up for every piece of text, so it is made once for a plan. */
function outputsByNode(plan: FlowPlan): Map<string, PlannedOutput[]> {
  let found = OUTPUTS.get(plan);
  if (!found) {
    found = new Map();
    for (const output of plan.outputs) {
      const { reference } = output.definition;
      if (reference.kind === "node") found.set(reference.node, [...(found.get(reference.node) ?? []), output]);
    }
    OUTPUTS.set(plan, found);
  }
  return found;
}

function serializable(name: string, value: PythonValue): Value {
  if (value.outputError === undefined) return value.toJson();
  throw unserializable(name, value.outputError);
}

function unserializable(name: string, refusal: string): FlowsteadError {
  return new FlowsteadError(
    "FlowOutputUnserializable",
    `The output '${name}' for flow is incorrect. The output value is not JSON serializable. JSON dump failed: ${refusal}. Please verify your flow output and make sure the value serializable.`,
    { details: { output: name } },
  );
}
