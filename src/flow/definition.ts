// What flow.dag.yaml says, after reading and before anything is loaded or checked against anything else.

import type { Value, ValueMap } from "../base/value.ts";
import type { TextStyle } from "../base/yaml.ts";
import type { FlowPorts } from "./target.ts";

/** Where the value of a node's input or of an output comes from. */
export type Assignment =
  | {
      kind: "literal";
      value: Value;
      /** How its text is written in the file; `json` where a text was read as JSON. */
      style?: TextStyle | "json";
    }
  | { kind: "input"; name: string }
  | { kind: "node"; node: string; section: string; property: string };

export interface InputDefinition {
  name: string;
  type: string;
  /** `undefined` and null mean that there is none. */
  default?: Value;
  description?: string;
  isChatInput: boolean;
  /** As written; absent means "decide by the name chat_history". */
  isChatHistory?: boolean;
  /** Whether values pass as they are, whatever its type. */
  isUntyped?: boolean;
  /** Whether only the sample says that it is there: a call that gives nothing at all takes the sample's values. */
  isSampled?: boolean;
}

export interface OutputDefinition {
  name: string;
  type: string;
  reference: Assignment;
  description?: string;
  isChatOutput: boolean;
  evaluationOnly: boolean;
}

export interface NodeSource {
  /** code, package, package_with_prompt, or whatever else stands there: only some types of nodes ask. */
  type: string;
  /** Relative to the flow's folder. */
  path?: string;
  /** Id of a package tool. */
  tool?: string;
}

export interface ActivateDefinition {
  when: Assignment;
  is: Value;
}

export interface NodeDefinition {
  name: string;
  /** python, llm, prompt, custom_llm ...; absent in a node that only a variant completes. */
  type?: string;
  source?: NodeSource;
  inputs: Record<string, Assignment>;
  connection?: string;
  api?: string;
  provider?: string;
  /** The original's Python module that the provider stands in. */
  module?: string;
  aggregation: boolean;
  activate?: ActivateDefinition;
  useVariants: boolean;
  /** Line in the file, from 1, for messages. */
  line: number;
}

export interface VariantDefinition {
  default: string;
  variants: Record<string, NodeDefinition>;
}

/** What only a flow.flex.yaml has. */
export interface FlexDefinition {
  /** `module:function` or `module:Class`. */
  entry: string;
  /** Parameters of the class. */
  init: InputDefinition[];
  /** Where the code is, seen from the file; beside it when absent. */
  code?: string | undefined;
}

/** What stands in where a call, or a class, is given nothing at all. */
export interface FlowSample {
  inputs?: ValueMap;
  init?: ValueMap;
}

export interface FlowDefinition {
  name: string;
  description?: string;
  inputs: InputDefinition[];
  outputs: OutputDefinition[];
  nodes: NodeDefinition[];
  variants: Record<string, VariantDefinition>;
  environmentVariables: ValueMap;
  /** Present when the flow is one Python entry and has no nodes. */
  flex?: FlexDefinition;
  additionalIncludes: string[];
  messageFormat: "basic" | "openai-vision";
  /** Of a flex flow or a prompty. */
  sample?: FlowSample;
  /** See `FlowSignature.served`. */
  served?: FlowPorts;
  /** Where it was read from, for messages; `flow.dag.yaml` when it came as text. */
  file: string;
}
