/** A stretch of a text, as character offsets. */
export interface Span {
  start: number;
  end: number;
}
