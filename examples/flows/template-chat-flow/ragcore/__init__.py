"""What the nodes of this flow share: turns of a conversation, and passages put in one order."""
