// The flow that the serving benches run: a template, a model, and a value made of the question.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

export async function writeServeFlow(folder: string): Promise<string> {
  const flow = path.join(folder, "flow");
  await mkdir(flow, { recursive: true });
  const files = {
    "flow.dag.yaml": `inputs:
  question: {type: string, is_chat_input: true}
  chat_history: {type: list, default: []}
outputs:
  answer: {type: string, reference: '\${ask.output}', is_chat_output: true}
  note: {type: string, reference: '\${note.output}'}
nodes:
- name: shape
  type: prompt
  source: {type: code, path: shape.jinja2}
  inputs: {question: '\${inputs.question}', chat_history: '\${inputs.chat_history}'}
- name: ask
  type: llm
  source: {type: code, path: ask.jinja2}
  inputs: {model: bench, temperature: 0.2, max_tokens: 256, shaped: '\${shape.output}'}
  connection: default
  api: chat
- name: note
  type: prompt
  source: {type: code, path: note.jinja2}
  inputs: {question: '\${inputs.question}'}
`,
    "shape.jinja2":
      "You answer questions.\n{% for item in chat_history %}\n{{item.inputs.question}} {{item.outputs.answer}}\n{% endfor %}\nQuestion: {{question}}\n",
    "ask.jinja2": "user:\n{{shaped}}\n",
    "note.jinja2": "Asked: {{question}}",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(flow, name), text);
  return flow;
}
