// The variants of a node `say` that greets: part of the flows of several tests.

/** Made of `plain.jinja2`, the default, and `loud.jinja2`; each takes the flow's input `name`. */
export const SAY_VARIANTS = `node_variants:
  say:
    default_variant_id: plain
    variants:
      plain:
        node:
          type: prompt
          source: {type: code, path: plain.jinja2}
          inputs: {name: "\${inputs.name}"}
      loud:
        node:
          type: prompt
          source: {type: code, path: loud.jinja2}
          inputs: {name: "\${inputs.name}"}
`;
