// The `prompt` node: a template rendered with the node's inputs.

import type { NodeDefinition } from "../flow/definition.ts";
import type { NodeTool, PrepareContext, PreparedNode } from "../flow/tool.ts";
import { compileTemplate } from "../prompt/template.ts";
import { callerInputs, escapedInputs, readTemplate, refuseReserved, templateContext } from "./template-source.ts";

export const PROMPT_TOOL: NodeTool = {
  id: "prompt",
  async prepare(node: NodeDefinition, { directory, messageFormat, env }: PrepareContext): Promise<PreparedNode> {
    const { text, file } = readTemplate(node, directory);
    const template = compileTemplate(text, { file, env });
    refuseReserved(node.name, template.undeclaredVariables, ["template"], "reserved parameters of prompt tool");
    const callers = callerInputs(node);
    return {
      inputs: node.inputs,
      streaming: "never",
      optionalInputs: new Set(),
      function: "render_template_jinja2",
      run: ({ inputs }) => {
        const options = { escape: escapedInputs(callers, inputs) };
        const context = templateContext(inputs, { format: messageFormat, reads: template.reads });
        return context instanceof Promise
          ? context.then((settled) => template.renderText(settled, options))
          : template.renderText(context, options);
      },
    };
  },
};
