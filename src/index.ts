// The public API: run prompt flows in a program of your own.

export { FlowsteadError } from "./base/error/error.ts";
export type { ErrorBody, ErrorCode } from "./base/error/error.ts";
export type { Value, ValueMap } from "./base/value.ts";
export { Float } from "./base/value.ts";
export { parseConnection } from "./connection/parse.ts";
export { openConnections } from "./connection/source.ts";
export { localResources } from "./endpoint/resource/local.ts";
export { flowServer } from "./endpoint/flow-server.ts";
export type { FlowEvent } from "./flow/event.ts";
export { type FlowTarget, openFlow } from "./flow/flow-target.ts";
export type { FlowResources } from "./flow/resource.ts";
export type { FlowCall, FlowSignature, Target } from "./flow/target.ts";
export type { NodeTool } from "./flow/tool.ts";
export { balancedModel } from "./model/balanced.ts";
export type { ChatChunk, ChatModel, ChatRequest } from "./model/chat-model.ts";
export { openModel } from "./model/provider/index.ts";
export { openSearch } from "./search/provider/index.ts";
export type { SearchIndex } from "./search/search-index.ts";
export { BUILT_IN_TOOLS } from "./tool/index.ts";
