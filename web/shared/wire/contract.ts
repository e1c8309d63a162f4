// The words that the chat page and the server exchange: JSON bodies and the parts of the message stream
// (AI SDK UI message stream v1, with the `data-*` parts that are ours).

export interface Session {
  user: { id: string; name: string };
  /** The name under which this installation answers. */
  title: string;
  model: { id: string; isLanguageModel: boolean; notice?: string };
  examples: string[];
  /** How many documents the index holds. */
  documents: number;
}

export interface ConversationSummary {
  id: string;
  title: string;
  /** ISO 8601, or milliseconds since the epoch. */
  createdAt: Timestamp;
  updatedAt: Timestamp;
}

type Timestamp = string | number;

export interface ConversationPage {
  items: ConversationSummary[];
  next?: string | null;
}

export interface StoredConversation {
  id: string;
  title: string;
  createdAt: Timestamp;
  messages: StoredMessage[];
  activeRun?: { runId: string; seq: number } | null;
}

export type MessageStatus = "complete" | "stopped" | "error" | "interrupted" | "running";

export interface StoredMessage {
  id: string;
  role: "user" | "assistant" | "system";
  createdAt?: Timestamp;
  status?: MessageStatus;
  error?: string;
  parts: StoredPart[];
  /** Of a complete answer: what the stream's last part says. */
  durationMs?: number;
  siblings?: { index: number; count: number; ids: string[] };
  feedback?: { value: FeedbackValue } | null;
}

export type StoredPart = { type: string; [key: string]: unknown };

type NodeState = "running" | "completed" | "failed" | "bypassed" | "canceled";

export interface NodeData {
  node: string;
  kind: string;
  tool: string;
  status: NodeState;
  durationMs?: number;
  /** Why its model's text is not whole. */
  cutShort?: "length" | "content_filter";
}

/** Positions in `Citation.text`, in UTF-16 units, end excluded. */
export interface Span {
  start: number;
  end: number;
}

export interface Citation {
  n: number;
  passageId: string;
  documentId: string;
  title: string;
  headings?: string[];
  page?: number;
  text: string;
  source?: string;
  score?: number;
  spans?: Span[];
  /** Of each citing sentence, once the answer is whole. */
  checks?: CitationCheck[];
}

/** Whether the passage says what a sentence of the answer says, as a named rule tells. */
export interface CitationCheck {
  rule: string;
  sentence: string;
  supported: boolean;
  /** Another passage that the sentence cites supports it. */
  supportedElsewhere?: boolean;
  reason?: string;
}

export interface SourcePassage {
  citation: Citation;
  /** The passages around it, in the order of the document. */
  before: string[];
  after: string[];
}

export type FeedbackValue = 1 | -1 | 0;

export type StreamPart =
  | {
      type: "start";
      messageId?: string;
      messageMetadata?: { runId?: string; conversationId?: string; questionId?: string };
    }
  | { type: "data-node"; id: string; data: NodeData }
  | { type: "data-restart"; data?: { reason?: string } }
  | { type: "text-start"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  | { type: "text-end"; id: string }
  | { type: "data-citation"; id: string; data: Citation }
  | { type: "data-title"; data: { title: string } }
  | { type: "error"; errorText: string }
  | { type: "abort" }
  | { type: "finish"; messageMetadata?: { durationMs?: number } }
  | { type: "start-step" | "finish-step" | "source-document" };

export interface RunEvent {
  seq: number;
  part: StreamPart;
}

/** What `GET .../events` answers: a slice of the run log, and whether the run has ended. */
export interface RunSlice {
  events: RunEvent[];
  done: boolean;
}
