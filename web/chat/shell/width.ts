/** Below this the list of conversations is an overlay. The style sheet has the same number. */
export const NARROW = "(max-width: 860px)";

/** From here on a source stands beside the conversation; below, it covers it. */
export const ROOMY = "(min-width: 1180px)";
