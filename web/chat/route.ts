// Two places: `/` is a new conversation, `/c/<id>` is a stored one.

export function conversationInPath(path = location.pathname): string | undefined {
  const match = /^\/c\/([^/]+)\/?$/.exec(path);
  return match?.[1] === undefined ? undefined : decodeURIComponent(match[1]);
}

export function pathOf(id: string | undefined): string {
  return id === undefined ? "/" : `/c/${encodeURIComponent(id)}`;
}
