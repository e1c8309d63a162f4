// What cannot be seen from an example's files: which data it wants, what a model has to say so that its nodes go on, and
// which examples need a service that costs money or hardware that is not there.

import type { ValueMap } from "../../src/base/value.ts";
import type { FakeScript } from "../../src/model/fake/script.ts";
import { GUIDE_INDEX } from "./guide-index.ts";

export interface Facts {
  /** Why it is not run. */
  needs?: string;
  /** A Python file beside the flow that its README has a person run first. */
  prepare?: string;
  /** Runs over this file, as a batch; inputs are its columns of the same names, or as mapped. */
  data?: string;
  mapping?: Record<string, string>;
  /** Runs once with these inputs; without them the sample or the first row beside the flow, or the flow's defaults. */
  inputs?: ValueMap;
  /** `node.input` to value, where the flow is delivered with blanks for its user to fill; it then runs as a batch. */
  overrides?: Record<string, string>;
  /** `node.key` to value: blanks of its file that a person fills in an editor, since no option of a command does. */
  blanks?: Record<string, string>;
  /** Looks up the index of guides. */
  guides?: boolean;
  /** Constructor values of a class. */
  init?: ValueMap;
  env?: Record<string, string>;
  /** Versions to take where the newest of a package does not go with the flow any more. */
  pins?: string[];
  /** Answers of the fake model; else it says the last message. */
  replies?: NonNullable<FakeScript["replies"]>;
}

const MODEL = { model_config: { connection: "open_ai_connection", azure_deployment: "gpt-4o" } };
/** Stands for the runner's own web server, which has `/page.html` and `/document.pdf`. */
export const SITE = "http://site.invalid";
/** One red pixel. */
const PICTURE = {
  "data:image/png;base64":
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==",
};
const SCORE = [{ reply: "5" }];
const JSON_SCORE = [{ reply: '{"score": 5, "explanation": "It is right."}' }];

const LANGUAGE_SERVICE =
  "needs the paid service Azure AI Language, which the nodes of the package promptflow-azure-ai-language call";
const EVALUATION = "examples/flows/evaluation";
const STANDARD = "examples/flows/standard";
const LANGUAGE = "examples/flows/integrations/azure-ai-language";

export const FACTS: Readonly<Record<string, Facts>> = {
  // Evaluations run over their data; their models answer with the score that the prompts ask for.
  [`${EVALUATION}/eval-accuracy-maths-to-code`]: { data: "test_data.jsonl" },
  [`${EVALUATION}/eval-basic`]: { data: "data.jsonl" },
  [`${EVALUATION}/eval-chat-math`]: { data: "data.jsonl" },
  [`${EVALUATION}/eval-classification-accuracy`]: { data: "data.jsonl" },
  [`${EVALUATION}/eval-entity-match-rate`]: { data: "data.jsonl" },
  [`${EVALUATION}/eval-groundedness`]: { data: "data.jsonl", replies: SCORE },
  [`${EVALUATION}/eval-multi-turn-metrics`]: {
    replies: [{ contains: "whether the ANSWER is entailed", reply: "5" }, { reply: '{"score": 5}' }],
  },
  [`${EVALUATION}/eval-perceived-intelligence`]: { data: "data.jsonl", replies: SCORE },
  [`${EVALUATION}/eval-qna-non-rag`]: { data: "data.jsonl", replies: SCORE },
  [`${EVALUATION}/eval-qna-rag-metrics`]: { data: "data.jsonl", replies: SCORE },
  [`${EVALUATION}/eval-single-turn-metrics`]: {
    replies: [{ reply: '{"question": "Why?", "noncommittal": false, "score": 5}' }],
  },
  [`${EVALUATION}/eval-summarization`]: { data: "data.jsonl", replies: [{ reply: "3" }] },
  "examples/flex-flows/eval-checklist": { data: "data.jsonl", init: MODEL, replies: JSON_SCORE },
  "examples/flex-flows/eval-code-quality": {
    data: "data.jsonl",
    init: MODEL,
    replies: [{ reply: '{"correctness": 5, "readability": 4, "explanation": "It is short."}' }],
  },
  "examples/flex-flows/eval-criteria-with-langchain": {
    init: { custom_connection: "my_llm_connection" },
    pins: ["langchain<1", "langchain-community<1"],
    replies: [{ reply: "It is short and to the point.\n\nY" }],
  },
  "examples/prompty/eval-basic/eval.prompty": { replies: JSON_SCORE },
  "examples/prompty/eval-apology/apology.prompty": { replies: [{ reply: '{"apology": 1}' }] },
  "examples/prompty/format-output/json_format.prompty": { replies: [{ reply: '{"name": "Jane", "answer": "Two"}' }] },
  // Classes with a model configuration.
  "examples/flex-flows/chat-async-stream": { init: MODEL },
  "examples/flex-flows/chat-basic": { init: MODEL },
  "examples/flex-flows/chat-stream": { init: MODEL },
  // Inputs that their files do not give, or that would be fetched from the Internet.
  "examples/flows/chat/chat-basic": { inputs: { question: "What is ChatGPT?", chat_history: [] } },
  "examples/flows/chat/chat-with-image": {
    inputs: { question: ["How many colors are there?", PICTURE], chat_history: [] },
  },
  "examples/flows/chat/chat-with-pdf": {
    inputs: { question: "What is BERT?", chat_history: [], pdf_url: `${SITE}/document.pdf` },
  },
  "examples/flows/chat/use_functions_with_chat_models": {
    inputs: { question: "How about London next week?", chat_history: [] },
    replies: [{ reply: { functionCall: { name: "get_current_weather", arguments: '{"location": "London"}' } } }],
  },
  [`${STANDARD}/customer-intent-extraction`]: {
    inputs: { history: "Customer: where is my order?", customer_info: "First Name: Sarah" },
  },
  [`${STANDARD}/describe-image`]: {
    inputs: { question: "How many colors are there?", input_image: PICTURE },
  },
  [`${STANDARD}/flow-with-additional-includes`]: { inputs: { url: `${SITE}/page.html` } },
  [`${STANDARD}/flow-with-symlinks`]: { prepare: "create_symlinks.py", inputs: { url: `${SITE}/page.html` } },
  [`${STANDARD}/web-classification`]: { inputs: { url: `${SITE}/page.html` } },
  [`${STANDARD}/named-entity-recognition`]: {
    inputs: { text: "The engineer met the accountant.", entity_type: "job title" },
  },
  // An agent that runs code, reads what it printed and ends.
  [`${STANDARD}/autonomous-agent`]: {
    replies: [
      {
        contains: "Executed function python and returned: 2001",
        reply: { functionCall: { name: "finish", arguments: '{"response": "The first film is of 2001."}' } },
      },
      { reply: { functionCall: { name: "python", arguments: '{"command": "print(2001)"}' } } },
    ],
  },
  [`${STANDARD}/maths-to-code`]: { replies: [{ reply: '{"code": "print(10 * 5)"}' }] },
  "examples/flows/integrations/continuous-monitoring-with-pipeline/flows/standard/simple-summarization": {
    inputs: { answer: "Prompt flow is a suite of development tools." },
  },
  "examples/flows/chat/promptflow-copilot": {
    guides: true,
    inputs: { question: "What is a connection?", chat_history: [] },
    blanks: {
      "modify_query_with_history.connection": "open_ai_connection",
      "check_query_relevance.connection": "open_ai_connection",
      "answer_the_question_with_context.connection": "open_ai_connection",
      "lookup_question_from_indexed_docs.mlindex_content": GUIDE_INDEX,
    },
    replies: [
      { contains: "a number between 0 and 10", reply: "8" },
      { contains: "Standalone Question", reply: "What is a connection?" },
    ],
  },
  "examples/tutorials/flow-deploy/create-service-with-flow/echo_connection_flow": { inputs: { flow_input: "hello" } },
  "examples/tools/use-cases/custom_llm_tool_showcase": {
    inputs: { website_name: "Here", user_name: "You" },
    overrides: { "my_custom_llm_tool.api": "chat", "my_custom_llm_tool.deployment_name": "gpt-4o" },
  },
  "examples/tutorials/generate-test-data/example_flow": {
    inputs: { text_chunk: "Prompt flow is a suite of development tools." },
    overrides: Object.fromEntries(
      [
        "generate_question",
        "generate_suggested_answer",
        "validate_question",
        "validate_suggested_answer",
        "validate_text_chunk",
      ].flatMap((node) => [
        [`${node}.connection`, "open_ai_connection"],
        [`${node}.deployment_name`, "gpt-4o"],
      ]),
    ),
    replies: [{ reply: '{"score": "5", "verdict": "yes", "reason": "It holds."}' }],
  },
  // What needs more than this machine.
  [`${LANGUAGE}/analyze_conversations`]: { needs: LANGUAGE_SERVICE },
  [`${LANGUAGE}/analyze_documents`]: { needs: LANGUAGE_SERVICE },
  [`${LANGUAGE}/multi_intent_conversational_language_understanding`]: { needs: LANGUAGE_SERVICE },
  "examples/flows/integrations/llmlingua-prompt-compression/gsm8k_example": {
    needs:
      "needs a paid endpoint of a Llama model on Azure, of which the package llmlingua-promptflow asks probabilities, and that model's tokenizer from huggingface.co",
  },
  "examples/flows/integrations/unify-ai": { needs: "needs the paid service Unify, whose package unifyai it calls" },
  "examples/flows/integrations/unify-ai/eval_code_flow/eval_code_quality.prompty": {
    needs: "needs the paid service Unify: its model configuration is of type unify",
  },
};
