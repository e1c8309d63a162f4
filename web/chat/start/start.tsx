import { useChat, usePage } from "../chat.ts";
import { Icon } from "../shell/icon.tsx";
import { Notice } from "../shell/notice.tsx";

/** The title of an installation that has not been given one; it says nothing about what is answered here. */
const PRODUCT = "Flowstead";

/** What a new conversation begins with: what is answered here, from what, and questions to try. */
export function Start() {
  const chat = useChat();
  const session = usePage((state) => state.session);
  const problem = usePage((state) => state.sessionProblem);
  if (problem && !session) {
    return (
      <section className="start">
        <h1>Not reachable</h1>
        <p className="start-line">{problem}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Try again
        </button>
      </section>
    );
  }
  if (!session) return <section className="start" aria-busy="true" />;
  return (
    <section className="start">
      <h1>{session.title === PRODUCT ? "Ask the documents" : session.title}</h1>
      <p className="start-line">{sourceLine(session.documents)}</p>
      <Notice />
      {session.examples.length > 0 ? (
        <>
          <h2 className="start-try">Try one of these</h2>
          <ul className="examples">
            {session.examples.map((example) => (
              <li key={example}>
                <button type="button" onClick={() => chat.ask(example)}>
                  <span>{example}</span>
                  <Icon name="arrow" />
                </button>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </section>
  );
}

function sourceLine(documents: number): string {
  if (documents === 0) return "No documents are indexed yet, so there is nothing to answer from.";
  const count = new Intl.NumberFormat("en").format(documents);
  return `Answers come from ${count} ${documents === 1 ? "document" : "documents"}, with the passage behind every claim.`;
}
